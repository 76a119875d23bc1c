"""What became of loans, as a bank says it: 统一社会信用代码, 是否违约, 日期. Pure but for the stream it is given.

The file is judged like any delivery (encodings, spellings, codes, dates, sentences) by an item that exists only here:
nothing of it is stored.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO, Final

import polars as pl

from apps.records.catalogue import CODE, item_spec
from apps.records.reading import ROW_NUMBER, read_table
from apps.records.staging import stage

DEFAULTED: Final = "1"
OUTCOME: Final = item_spec(
    code="loan_outcome",
    name="贷款结果",
    shape="event",
    natural_key=["code", "outcome_on"],
    key_text=[],
    creates_subjects=False,
    fields=[
        {
            "name": "code",
            "label": "统一社会信用代码",
            "aliases": ["纳税人识别号", "社会信用代码", "信用代码"],
            "type": "uscc",
            "required": True,
        },
        {"name": "subject_name", "label": "主体名称", "aliases": ["企业名称", "借款人名称", "名称"], "type": "name"},
        {
            "name": "defaulted",
            "label": "是否违约",
            "aliases": ["违约", "违约标志", "是否不良"],
            "type": "code",
            "required": True,
            "store": "class_text",
            "codes": {
                DEFAULTED: ["是", "违约", "Y", "true", "1.0"],
                "0": ["否", "未违约", "正常", "N", "false", "0.0"],
            },
        },
        {
            "name": "outcome_on",
            "label": "日期",
            "aliases": ["结果日期", "违约日期", "观察日期", "统计日期"],
            "type": "date",
            "required": True,
            "store": "occurred_on",
        },
    ],
)

_ROWS: Final = {ROW_NUMBER: pl.Int64, CODE: pl.String, "is_bad": pl.Boolean, "outcome_on": pl.Date}
_REJECTED: Final = {ROW_NUMBER: pl.Int64, "message": pl.String, "original_text": pl.String}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """`rows`: row_number, code, is_bad, outcome_on; one row for each code and date.

    `rejected`: row_number, message, original_text of rows that cannot be read. `conflicting`: row_number and code of
    rows that say both for one code and date; none of them counts. `duplicates`: rows that say the same again.
    """

    form: str
    read: int
    not_data: int
    duplicates: int
    rows: pl.DataFrame
    conflicting: pl.DataFrame
    rejected: pl.DataFrame


def read_outcomes(stream: BinaryIO, *, received_on: date) -> Outcomes:
    """Judge a file of outcomes; a date after `received_on` is a fault of its row.

    Raises Unreadable, with a Chinese sentence, for a file that is none.
    """
    table = read_table(stream, OUTCOME)
    rows, rejected = [pl.DataFrame(schema=_ROWS)], [pl.DataFrame(schema=_REJECTED)]
    not_data: Counter[str] = Counter()
    read = 0
    for staged in stage(table.blocks, OUTCOME, received_on):
        read += staged.read
        not_data += staged.not_data
        rejected.append(staged.rejected.select(*_REJECTED))
        rows.append(
            staged.rows.select(
                ROW_NUMBER,
                CODE,
                (pl.col("class_text") == DEFAULTED).alias("is_bad"),
                pl.col("occurred_on").alias("outcome_on"),
            )
        )
    said = pl.concat(rows)
    key = [CODE, "outcome_on"]
    judged = said.with_columns((pl.col("is_bad").n_unique().over(key) > 1).alias("differs"))
    sound = judged.filter(~pl.col("differs")).drop("differs")
    first = sound.unique(key, keep="first", maintain_order=True)
    return Outcomes(
        form=table.form,
        read=read,
        not_data=not_data.total(),
        duplicates=sound.height - first.height,
        rows=first,
        conflicting=judged.filter("differs").select(ROW_NUMBER, CODE),
        rejected=pl.concat(rejected),
    )
