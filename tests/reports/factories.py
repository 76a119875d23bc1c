"""One firm's material for a report, written out: no database, no chance."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from apps.reports.documents.material import Basis, Line, Loss, Material, Origin

CHINA = ZoneInfo("Asia/Shanghai")
DAYS = {
    "objection_accept_workdays": 1,
    "objection_total_workdays": 5,
    "objection_hard_workdays": 7,
    "repair_total_workdays": 10,
}
NUMBER = "XQ20261115100000K7M2PD"


def basis(**changes: Any) -> Basis:
    return replace(
        Basis(
            number=NUMBER,
            issued_at=datetime(2026, 11, 15, 10, 0, tzinfo=CHINA),
            valid_until_on=date(2026, 12, 15),
            purpose="信用报告",
            organization_name="岐丰农村商业银行股份有限公司",
            person_name="客户经理",
            access_record_id=318,
            issuer="凤翔区信用平台办公室",
        ),
        **changes,
    )


def subject(name: str = "凤翔区宏远𠮷㛃䶮机械制造有限公司") -> SimpleNamespace:
    return SimpleNamespace(
        name=name,
        code="91610305YYH3A7Q20D",
        legal_form="有限责任公司(自然人投资或控股)",
        legal_representative="㛃䶮",
        established_on=date(2019, 5, 20),
        get_status_display=lambda: "存续",
    )


def profile(**changes: Any) -> SimpleNamespace:
    values: dict[str, Any] = {
        "as_of_on": date(2026, 11, 15),
        "data_as_of_on": date(2026, 10, 31),
        "score": 862,
        "grade": "AA",
        "coverage_pct": Decimal("81.00"),
        "scorecard_version": "FCS-1",
        "indicator_version": "2026.11",
        "tax_grade": "A",
        "tax_paid_12m_yuan": Decimal("412350.18"),
        "declared_sales_12m_yuan": Decimal("9865000.00"),
        "declared_sales_growth_pct": Decimal("11.365"),
        "tax_arrears_yuan": Decimal("0.00"),
        "social_months": 24,
        "social_headcount": 43,
        "social_arrears_months": 0,
        "power_kwh_12m": 386420,
        "power_growth_pct": Decimal("-3.20"),
        "blocks": [],
        "lists_checked": ["SX_ZX", "ZT", "TAX_D", "CF_YZ"],
    }
    return SimpleNamespace(**values | changes)


def payment(month: int, year: int = 2026, **values: Any) -> SimpleNamespace:
    start = date(year, month, 1)
    empty = dict.fromkeys(("due_yuan", "paid_yuan", "arrears_yuan", "base_yuan", "quantity", "headcount", "paid_on"))
    return SimpleNamespace(**{"key_text": "", "period_on": start, "period_end_on": start, **empty, **values})


def _months() -> list[tuple[int, int]]:
    return [(2025, 11), (2025, 12), *((2026, month) for month in range(1, 11))]


def _payments() -> dict[str, list[SimpleNamespace]]:
    tax, social, power = [], [], []
    for position, (year, month) in enumerate(_months()):
        due = Decimal(28000 + position * 1250)
        sales = Decimal(720000 + position * 18500 - (position == 3) * 240000)
        paid_on = date(year + month // 12, month % 12 + 1, 14)
        tax.append(
            payment(
                month, year, key_text="增值税", due_yuan=due, paid_yuan=due, arrears_yuan=Decimal(0), base_yuan=sales
            )
        )
        social.append(
            payment(
                month,
                year,
                headcount=40 + position // 4,
                base_yuan=Decimal(214000 + position * 900),
                due_yuan=Decimal("62060.50"),
                paid_yuan=Decimal("62060.50"),
                paid_on=paid_on,
            )
        )
        power.append(
            payment(
                month,
                year,
                key_text="6103050012345",
                quantity=Decimal(30500 + position * 420),
                due_yuan=Decimal("21350.75"),
                paid_on=paid_on if position != 11 else None,
            )
        )
    return {"tax_payment": tax, "social_insurance": social, "power": power}


def _event(**values: Any) -> dict[str, Any]:
    texts = dict.fromkeys(("key_text", "authority", "class_text", "title"), "")
    return texts | dict.fromkeys(("occurred_on", "amount_yuan", "valid_from_on", "valid_to_on")) | values


def _origin(code: str, name: str, owner: str, disclosure: str, newest: date | None, records: int) -> Origin:
    return Origin(code, name, owner, disclosure, newest, datetime(2026, 11, 12, 9, 30, tzinfo=CHINA), records)


def material(**changes: Any) -> Material:
    extra = {
        "annual_report_year": 2025,
        "paid_in_capital_yuan": "3000000.00",
        "authority": "凤翔区市场监督管理局",
        "address": "陕西省宝鸡市凤翔区工业大道18号",
    }
    penalty = _event(
        key_text="凤市监处罚〔2026〕31号",
        occurred_on=date(2026, 6, 18),
        authority="凤翔区市场监督管理局",
        class_text="警告;罚款",
        title="未按规定明码标价",
        amount_yuan=Decimal("2000.00"),
        valid_to_on=date(2027, 6, 17),
    )
    value = Material(
        subject=subject(),
        profile=profile(),
        registration=SimpleNamespace(value_yuan=Decimal("5000000.00"), extra=extra),
        events={
            "penalty": [penalty],
            "tax_grade": [_event(key_text="2025", class_text="A", authority="凤翔区税务局")],
            "dishonest_debtor": [],
            "tax_violation": [],
            "wage_arrears": [],
            "abnormal_operation": [],
            "licence": [
                _event(
                    title="排污许可证",
                    key_text="91610305YYH3A7Q20D001W",
                    occurred_on=date(2024, 3, 1),
                    authority="宝鸡市生态环境局凤翔分局",
                    valid_to_on=date(2029, 2, 28),
                )
            ],
            "technology_firm": [],
            "specialised_firm": [
                _event(class_text="专精特新中小企业", authority="陕西省工业和信息化厅", valid_to_on=date(2028, 5, 31))
            ],
            "credit_evaluation": [],
            "bid_won": [],
        },
        payments=_payments(),
        origins=(
            _origin("registration", "登记注册信息", "市场监管局", "公开公示", None, 1),
            _origin("tax_grade", "纳税缴费信用级别", "税务局", "授权查询", None, 1),
            _origin("tax_payment", "纳税申报缴纳", "税务局", "授权查询", date(2026, 10, 31), 24),
            _origin("social_insurance", "社会保险缴费", "人社局", "授权查询", date(2026, 10, 31), 24),
            _origin("power", "用电信息", "供电公司", "授权查询", date(2026, 10, 31), 24),
            _origin("penalty", "行政处罚", "行政审批局", "公开公示", None, 1),
            _origin("dishonest_debtor", "失信被执行人", "人民法院", "公开公示", None, 0),
        ),
        dimensions=(
            Line("基本与经营稳定", "113", "130", "150"),
            Line("纳税", "200", "200", "200"),
            Line("社保、公积金和用工", "120", "120", "120"),
            Line("水电气", "62", "80", "80"),
            Line("司法", "90", "90", "180"),
            Line("行政处罚", "130.31", "150", "150"),
            Line("履约、荣誉和创新", "—", "0", "120"),
        ),
        losses=(
            Loss(
                "行政处罚",
                "19.69",
                "公示期内有行政处罚",
                "履行处罚决定,公示期满或修复后不再扣分。",
                "凤市监处罚〔2026〕31号",
            ),
            Loss("用量波动", "18", "近12个月用电量波动较大", "随生产稳定改善。", "—"),
        ),
        listings=(("凤翔区小微企业融资推荐清单", "2026-11-10", "2027-05-10"),),
        region="陕西省 宝鸡市 凤翔区",
        industry="C3311 金属结构制造",
        size="小型",
        days=DAYS,
    )
    return replace(value, **changes)
