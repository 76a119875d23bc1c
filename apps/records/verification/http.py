"""Sources that answer at once: one signed POST of JSON, one signed JSON object back.

Nothing is followed, nothing unpacked, nothing read beyond a limit. Only what leaves the question as it was (no
connection, no answer in time, a busy server) is tried again, under the same request number.
"""

import json
import random
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import SplitResult, urlsplit

import urllib3

from apps.core.errors import InvalidInput
from apps.records.catalogue import ItemSpec
from apps.records.verification.adapters import AnswerNotTrusted, Question, Reply, SourceUnavailable, read_reply
from apps.records.verification.signing import ANSWER, REQUEST, Message, WrongSignature, check, signed

TRIES: Final = 3
FIRST_WAIT_SECONDS: Final = 0.5
MAX_ANSWER_BYTES: Final = 65_536
MAX_ANSWER_SECONDS: Final = 15
_BUSY: Final = frozenset({429, 500, 502, 503, 504})
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_BLOCK_BYTES: Final = 8_192


def check_address(address: str) -> SplitResult:
    """The parts of an address that may be asked: https, or http on this machine. Raises InvalidInput."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = SplitResult("", "", "", "", ""), None
    problem = ""
    if not host or not address.isascii() or any(char.isspace() for char in address):
        problem = "接口地址无法读取，请写成 https://主机/路径。"
    elif parts.username is not None or parts.password is not None or parts.fragment:
        problem = "接口地址不能带用户名、密码或#号；密钥只按编号在环境中配置。"
    elif parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        problem = "接口地址必须是https；只有本机地址可以用http。"
    if problem:
        raise InvalidInput(problem, fields={"address": problem})
    return parts


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how a source is asked; `keys` are key id → secret, of which `key_id` signs and any may answer."""

    address: str
    key_id: str
    keys: Mapping[str, bytes]
    algorithm: str
    connect_seconds: float
    read_seconds: float


@dataclass(frozen=True, slots=True)
class Http:
    """The adapter. `machine_now` dates signatures; `sleep` and `jitter` are handed in so that tests need not wait."""

    endpoint: Endpoint
    item: ItemSpec
    machine_now: Callable[[], datetime]
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    def ask(self, question: Question, tell: Callable[[str], None]) -> Reply | None:
        """Put the question, again where nothing was decided, with growing pauses of uneven length."""
        body = json.dumps(question.wire, ensure_ascii=False).encode()
        with self._pool() as pool:
            for attempt in range(1, TRIES + 1):
                tell(f"正在等待对方答复（第{attempt}次）")
                try:
                    return self._once(pool, body, question)
                except SourceUnavailable:
                    if attempt == TRIES:
                        raise
                    self.sleep(FIRST_WAIT_SECONDS * 2 ** (attempt - 1) * (0.5 + self.jitter()))
        raise AssertionError("unreachable")

    def _pool(self) -> urllib3.PoolManager:
        timeout = urllib3.Timeout(connect=self.endpoint.connect_seconds, read=self.endpoint.read_seconds)
        return urllib3.PoolManager(timeout=timeout, retries=False, ssl_context=ssl.create_default_context())

    def _once(self, pool: urllib3.PoolManager, body: bytes, question: Question) -> Reply:
        path = _path(check_address(self.endpoint.address))
        nonce = secrets.token_hex(16)
        proof = signed(
            Message(REQUEST, "POST", path, body),
            key_id=self.endpoint.key_id,
            secret=self.endpoint.keys[self.endpoint.key_id],
            nonce=nonce,
            at=self.machine_now(),
            algorithm=self.endpoint.algorithm,
        )
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
        status, answer, given = _sent(pool, self.endpoint.address, body, headers | proof)
        try:
            answered = check(
                Message(ANSWER, str(status), path, answer),
                given,
                secrets=self.endpoint.keys,
                algorithm=self.endpoint.algorithm,
                at=self.machine_now(),
            )
        except WrongSignature as error:
            raise AnswerNotTrusted(f"答复的签名核验未通过：{error}，答复未采用。") from error
        if not secrets.compare_digest(answered.encode(), nonce.encode()):
            raise AnswerNotTrusted("答复不是对本次请求的（随机数不符，可能是重放），未采用。")
        try:
            reply = read_reply(answer.decode(), self.item)
        except (UnicodeDecodeError, InvalidInput) as error:
            why = error.message if isinstance(error, InvalidInput) else "不是UTF-8文字。"
            raise AnswerNotTrusted(f"答复无法读取：{why}") from error
        if reply.request_no != question.request_no:
            raise AnswerNotTrusted("答复的请求编号不是本次请求的，未采用。")
        return reply


def _sent(
    pool: urllib3.PoolManager, address: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, bytes, Mapping[str, str]]:
    until = time.monotonic() + MAX_ANSWER_SECONDS
    try:
        answer = pool.request(
            "POST", address, body=body, headers=headers, redirect=False, preload_content=False, decode_content=False
        )
        try:
            _check_status(answer.status)
            if answer.headers.get("Content-Encoding", "identity") != "identity":
                raise AnswerNotTrusted("答复是压缩的内容，未采用。")
            return answer.status, _read(answer, until), answer.headers
        finally:
            # Never back into the pool: what was not read of an answer must not meet the next question.
            answer.close()
    except urllib3.exceptions.NewConnectionError as error:  # which counts as a timeout there
        raise SourceUnavailable("无法与对方建立连接。") from error
    except urllib3.exceptions.TimeoutError as error:
        raise SourceUnavailable("对方没有在限定时间内答复。") from error
    except urllib3.exceptions.SSLError as error:
        raise SourceUnavailable("与对方的加密连接没有建立，请核对证书。") from error
    except urllib3.exceptions.HTTPError as error:
        raise SourceUnavailable("与对方的连接中断。") from error


def _check_status(status: int) -> None:
    if status in _BUSY:
        raise SourceUnavailable(f"对方暂时不能处理（HTTP {status}）。")
    if 300 <= status < 400:
        raise AnswerNotTrusted(f"对方要求转到别处（HTTP {status}），未跟随；请核对接口地址。")
    if status != 200:
        raise AnswerNotTrusted(f"对方拒绝了请求（HTTP {status}），请核对接口地址、密钥编号和报文。")


def _read(answer: urllib3.BaseHTTPResponse, until: float) -> bytes:
    """The whole body. Raises AnswerNotTrusted beyond the limit, SourceUnavailable when it drips."""
    body = bytearray()
    while block := answer.read1(_BLOCK_BYTES):
        body += block
        if len(body) > MAX_ANSWER_BYTES:
            raise AnswerNotTrusted("答复超过64KB，未采用。")
        if time.monotonic() > until:
            raise SourceUnavailable("对方没有在限定时间内答完。")
    return bytes(body)


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
