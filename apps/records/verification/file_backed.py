"""Sources that exchange files: questions gather until a batch is taken out, answers come as JSON lines."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from apps.core.errors import InvalidInput
from apps.records.catalogue import ItemSpec
from apps.records.reading import Unreadable, encoding, jsonlines
from apps.records.verification.adapters import Question, Reply, read_reply


class FileBacked:
    """Answers come later: the question waits for the next batch."""

    def ask(self, question: Question, tell: Callable[[str], None]) -> Reply | None:
        """Nothing yet."""
        tell("等待导出核验批次")
        return None


def write_batch(questions: Iterable[Question]) -> bytes:
    """Questions as JSON lines in UTF-8."""
    return "".join(json.dumps(one.wire, ensure_ascii=False) + "\n" for one in questions).encode()


def read_batch(stream: BinaryIO, item: ItemSpec) -> Iterator[tuple[int, str, Reply | str]]:
    """(line number, text, reply or the sentence why it is none) of every line that is not empty, in the encodings and
    by the rules of JSON lines deliveries. Raises Unreadable when the file is no JSON lines.
    """
    if not jsonlines.begins(stream):
        raise Unreadable("核验答复文件应为JSON Lines：每行一个JSON对象。")
    codec, _ = encoding.detect(stream)
    number = 0
    for texts in jsonlines.line_blocks(stream, codec):
        for text in texts:
            number += 1
            if not text.strip():
                continue
            try:
                yield number, text, read_reply(text, item)
            except InvalidInput as refusal:
                yield number, text, refusal.message
