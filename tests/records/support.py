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
    values = {"code": "CODE", "name": "甲有限公司", "headcount": "1", "paid_on": "2026-11-08", "remark": ""}
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


REGISTRATION = (
    "统一社会信用代码,主体名称,主体类型,法定代表人(负责人、经营者),注册资本(万元),实缴资本(万元),成立日期,核准日期,住所(经营场所),"
    "经营范围,行业代码,登记机关,登记状态,状态变更日期,年报年度,从业人数(人),营业收入(万元),资产总额(万元)"
)
CODES = ["91610305YY0756CE27", "91610305YY2JJ1594R", "91610305YY6345B86K"]
FAULTY_CODE = "91610305YY69048P1U"  # its 17th character is wrong
SOUND_CODE = "91610305YY69048P7E"


def registration(code: str, name: str, person: str = "甲某", capital: str = "200.000000", status: str = "存续") -> str:
    """One row of 登记注册信息."""
    return f"{code},{name},有限责任公司,{person},{capital},,2021-03-12,,凤翔区,,F5127,,{status},,2025,6,259.00,523.00"


def registration_file(*names: str) -> str:
    """A delivery of 登记注册信息: the first name gets the first of `CODES`, and so on."""
    rows = [registration(code, name, person=f"{name[0]}某") for code, name in zip(CODES, names, strict=False)]
    return "\n".join([REGISTRATION, *rows, ""])
