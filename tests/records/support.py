"""What the tests of records share: the catalogue of the fixtures, and files made of lines."""

import json
from io import BytesIO
from typing import Any

import polars as pl
from django.conf import settings

from apps.records.catalogue import ItemSpec, item_spec
from apps.records.reading import read_table

CATALOGUE = settings.BASE_DIR / "fixtures" / "reference" / "records.catalogueitem.json"
CASES = settings.BASE_DIR / "tests" / "cases"
DELIVERIES = settings.BASE_DIR / "fixtures" / "demo" / "deliveries"
_SPEC = ("code", "name", "shape", "natural_key", "key_text", "fields", "creates_subjects")


def catalogue() -> dict[str, ItemSpec]:
    """The specs of the fixture file."""
    rows = [row["fields"] for row in json.loads(CATALOGUE.read_text())]
    return {row["code"]: item_spec(**{name: row[name] for name in _SPEC}) for row in rows}


def rows_of(content: bytes, item: str = "social_insurance") -> pl.DataFrame:
    """All blocks of a file as one frame."""
    return pl.concat(list(read_table(BytesIO(content), catalogue()[item]).blocks))


SOCIAL_INSURANCE = "统一社会信用代码,单位名称,费款所属期,缴费人数,缴费基数(元),应缴金额(元),实缴金额(元),缴费日期,备注"


def social_insurance(*rows: str, code: str = "91610305YY0756CE27") -> str:
    """A delivery of 社会保险缴费明细; `CODE` in a row stands for `code`."""
    return "\n".join([SOCIAL_INSURANCE, *rows]).replace("CODE", code) + "\n"


def payment(period: str = "202610", paid: str = "2675.06", **cells: Any) -> str:
    """One row of 社会保险缴费明细."""
    values = {"code": "CODE", "name": "凤翔区甲有限公司", "headcount": "1", "paid_on": "2026-11-08", "remark": ""}
    values |= cells
    return ",".join(
        [
            values["code"],
            values["name"],
            period,
            values["headcount"],
            "7124.00",
            "2675.06",
            paid,
            values["paid_on"],
            values["remark"],
        ]
    )
