"""Figures, contradictions and alerts, counted from deliveries that went through intake."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from apps.accounts.models import Notice
from apps.accounts.services import create_organization
from apps.core.actor import SYSTEM
from apps.core.errors import NotPermitted
from apps.core.jobs import run_now
from apps.core.models import AuditEvent, JobState
from apps.records import selectors, services
from apps.records.models import (
    CatalogueItem,
    Contradiction,
    Delivery,
    Duty,
    HoldingRecord,
    OverdueAlert,
    PaymentRecord,
    QualityFigure,
    Source,
)
from apps.records.quality import headcounts_differ
from apps.records.selectors.counts import optional_stores
from apps.records.services.alerts import roll_alerts
from apps.subjects.models import Subject
from tests.records.conftest import Deliver
from tests.records.support import (
    CODES,
    REGISTRATION,
    payment,
    registration,
    social_insurance,
)
from tests.support.cast import Cast

CHINA = ZoneInfo("Asia/Shanghai")
NOVEMBER, OCTOBER = date(2026, 11, 1), date(2026, 10, 1)


def count(now: datetime, month_on: date = NOVEMBER, on: date = date(2026, 11, 15)) -> None:
    services.keep_duties(actor=SYSTEM, business_date=on, now=now)
    services.count_figures(actor=SYSTEM, month_on=month_on, business_date=on, now=now)


def figure(item: str, month_on: date = NOVEMBER) -> QualityFigure:
    return QualityFigure.objects.get(item__code=item, month_on=month_on)


@pytest.fixture
def registrar(cast: Cast, now: datetime) -> Source:
    """A department of its own for 登记注册, so that two departments can contradict each other."""
    organization = create_organization(
        actor=SYSTEM, kind="department", name="凤翔区市场监督管理局", region_code="610305", now=now
    )
    return services.set_source(actor=SYSTEM, organization=organization, item_codes=["registration"], now=now)


def hand_in(source: Source, item: str, content: str, at: datetime) -> Delivery:
    delivery = services.receive_delivery(
        actor=SYSTEM, source=source, item_code=item, file_name=f"{item}.csv", content=content.encode(), now=at
    )
    assert delivery.job is not None
    job = run_now(delivery.job)
    assert job.state == JobState.DONE, job.error
    delivery.refresh_from_db()
    return delivery


def test_the_counts_are_those_of_the_deliveries(deliver: Deliver, registered: Delivery, now: datetime) -> None:
    rows = [
        payment("202609", remark="备注"),
        payment("202610"),
        payment("202610"),
        payment("202608", paid="十五"),
        payment("202607", headcount=""),
        payment("202606", paid="1"),
        payment("202606", paid="2"),
    ]
    deliver(social_insurance(*rows, code=CODES[0]))
    count(now)
    row = figure("social_insurance")
    assert (row.deliveries, row.rows, row.accepted, row.rejected, row.held, row.duplicate) == (1, 7, 2, 2, 2, 1)
    assert row.incomplete == 1
    # Two accepted rows; of the optional cells the day of payment is filled twice, the remark once.
    optional = len(optional_stores(CatalogueItem.objects.get(code="social_insurance")))
    assert (row.optional_filled, row.optional_cells) == (3, 2 * optional)
    assert (row.subjects, row.covered_subjects, row.active_subjects) == (1, 1, Subject.objects.count())
    assert row.newest_on == date(2026, 10, 31)
    assert row.gap_labels == []
    assert figure("penalty").rows == 0
    count(now + timedelta(hours=1))
    assert QualityFigure.objects.filter(month_on=NOVEMBER).count() == 3
    assert AuditEvent.objects.filter(verb="records.count_quality").count() == 2


def test_a_correction_of_the_catalogue_or_of_the_scope_ends_a_duty(source: Source, now: datetime) -> None:
    services.keep_duties(actor=SYSTEM, business_date=date(2026, 11, 1), now=now)
    assert Duty.objects.filter(until_on=None, since_on=date(2026, 11, 1)).count() == 3
    services.set_source(actor=SYSTEM, organization=source.organization, item_codes=["penalty"], now=now)
    assert services.keep_duties(actor=SYSTEM, business_date=date(2026, 11, 2), now=now) == 2
    assert services.keep_duties(actor=SYSTEM, business_date=date(2026, 11, 2), now=now) == 0
    services.set_source(actor=SYSTEM, organization=source.organization, item_codes=["registration"], now=now)
    services.keep_duties(actor=SYSTEM, business_date=date(2026, 11, 9), now=now)
    assert Duty.objects.get(until_on=None).since_on == date(2026, 11, 9)


def test_a_month_that_comes_late_and_one_that_is_missing(deliver: Deliver, registered: Delivery, now: datetime) -> None:
    CatalogueItem.objects.filter(code="social_insurance").update(cadence="monthly", due_workdays=5)
    services.keep_duties(actor=SYSTEM, business_date=date(2026, 11, 15), now=now)
    Duty.objects.update(since_on=date(2026, 8, 1))
    # July and October come on 15 November: October was due on the 6th; August and September never come.
    deliver(social_insurance(payment("202607"), payment("202610"), code=CODES[0]))
    count(now)
    assert (figure("social_insurance").on_time, figure("social_insurance").late) == (0, 1)
    assert figure("social_insurance").gap_labels == ["2026-08", "2026-09"]
    services.count_figures(actor=SYSTEM, month_on=OCTOBER, business_date=date(2026, 11, 15), now=now)
    assert (figure("social_insurance", OCTOBER).late, figure("social_insurance", OCTOBER).missing) == (0, 1)


PENALTY = (
    "CF_XDR_MC,CF_XDR_LB,CF_XDR_SHXYM,CF_FRDB,CF_WSH,CF_WFXW,CF_SY,CF_YJ,"
    "CF_CFLB,CF_NR,CF_NR_FK,CF_JDRQ,CF_GSJZQ,CF_CFJG"
)


def penalty(number: str, decided: str, person: str = "甲某") -> str:
    party = f"甲有限公司,法人及非法人组织,{CODES[0]},{person}"
    return f"{party},{number},违法,事实,依据,罚款,内容,0.5,{decided},2027/01/01,凤翔区某局"


def test_decisions_are_judged_by_working_days_and_history_is_left_out(
    deliver: Deliver, registered: Delivery, now: datetime
) -> None:
    services.keep_duties(actor=SYSTEM, business_date=date(2026, 11, 15), now=now)
    Duty.objects.update(since_on=date(2026, 7, 1))
    rows = [
        penalty("〔2026〕1号", "2026/11/10"),
        penalty("〔2026〕2号", "2026/10/20"),
        penalty("〔2026〕3号", "2026/07/01"),
        penalty("〔2026〕4号", "2026/05/01"),
    ]
    delivery = deliver("\n".join([PENALTY, *rows, ""]), "penalty")
    assert delivery.accepted == 4, delivery.tallies
    count(now)
    row = figure("penalty")
    assert (row.on_time, row.late, row.concealed) == (1, 1, 1)
    # A correction of a decision is no second decision.
    deliver(
        "\n".join([PENALTY, penalty("〔2026〕1号", "2026/11/10", "乙某"), ""]), "penalty", at=now + timedelta(hours=1)
    )
    count(now + timedelta(hours=2))
    assert figure("penalty").on_time == 1


REPAIR = "修复决定书文号,处罚决定书文号,统一社会信用代码,主体名称,申请日期,修复决定日期,修复结果,终止公示日期,受理机关"


def test_a_repair_of_a_penalty_that_never_came_is_a_hint_at_concealment(
    deliver: Deliver, registered: Delivery, source: Source, now: datetime
) -> None:
    items = ["registration", "penalty", "credit_repair"]
    services.set_source(actor=SYSTEM, organization=source.organization, item_codes=items, now=now)
    deliver("\n".join([PENALTY, penalty("凤罚〔2026〕1号", "2026/11/10"), ""]), "penalty")
    rows = [
        f"修1号,凤罚[2026]1号,{CODES[0]},甲有限公司,2026-11-01,2026-11-10,准予修复,2026-11-10,凤翔区发改局",
        f"修2号,凤罚〔2026〕9号,{CODES[0]},甲有限公司,2026-11-01,2026-11-10,准予修复,2026-11-10,凤翔区发改局",
    ]
    delivery = deliver("\n".join([REPAIR, *rows, ""]), "credit_repair")
    assert delivery.accepted == 2, delivery.tallies
    count(now)
    assert figure("penalty").concealed == 1
    found = selectors.quality_detail(SYSTEM, source.pk, "penalty", NOVEMBER, date(2026, 11, 15))
    assert found.never_delivered == [("凤罚〔2026〕9号", delivery.pk, 3)]


def contradictions(now: datetime) -> list[tuple[str, str, str]]:
    services.find_contradictions(actor=SYSTEM, business_date=date(2026, 11, 15), now=now)
    rows = Contradiction.objects.filter(ended_on=None).order_by("kind")
    return list(rows.values_list("kind", "first_value", "second_value"))


def test_departments_contradict_each_other_and_nobodys_row_changes(
    registrar: Source, source: Source, now: datetime
) -> None:
    text = "\n".join([REGISTRATION, registration(CODES[0], "甲有限公司"), ""])
    hand_in(registrar, "registration", text, now)
    hand_in(source, "social_insurance", social_insurance(payment("202610", headcount="40"), code=CODES[0]), now)
    hand_in(source, "penalty", "\n".join([PENALTY, penalty("1号", "2026/11/10", "乙某"), ""]), now)
    before = (HoldingRecord.objects.count(), PaymentRecord.objects.count())
    assert contradictions(now) == [
        ("headcount", "6人", "40人"),
        ("legal_representative", "甲某", "乙某"),
    ]
    assert contradictions(now + timedelta(hours=1)) == contradictions(now)
    assert Contradiction.objects.count() == 2
    assert (HoldingRecord.objects.count(), PaymentRecord.objects.count()) == before
    assert not HoldingRecord.objects.exclude(superseded_at=None).exists()
    # The insurer corrects: the contradiction ends, and stays on record as ended.
    later = now + timedelta(days=1)
    hand_in(source, "social_insurance", social_insurance(payment("202610", headcount="7"), code=CODES[0]), later)
    assert [kind for kind, *_ in contradictions(later)] == ["legal_representative"]
    assert Contradiction.objects.get(kind="headcount").ended_on == date(2026, 11, 15)


@pytest.mark.parametrize("insured", ["5", "16", "17", "100"])
def test_the_sql_agrees_with_the_definition(registrar: Source, source: Source, now: datetime, insured: str) -> None:
    hand_in(registrar, "registration", "\n".join([REGISTRATION, registration(CODES[0], "甲有限公司"), ""]), now)
    rows = social_insurance(payment("202610", headcount=insured), code=CODES[0])
    hand_in(source, "social_insurance", rows, now)
    found = any(kind == "headcount" for kind, *_ in contradictions(now))
    assert found == headcounts_differ(6, int(insured), tolerance_pct=Decimal(30), tolerance_persons=10)


def test_a_cancelled_firm_that_still_pays_and_a_name_that_differs(
    registrar: Source, source: Source, now: datetime
) -> None:
    row = registration(CODES[0], "甲有限公司", status="注销").replace("注销,", "注销,2026-08-31")
    delivery = hand_in(registrar, "registration", "\n".join([REGISTRATION, row, ""]), now)
    assert delivery.accepted == 1, delivery.tallies
    paid = hand_in(source, "social_insurance", social_insurance(payment("202610"), code=CODES[0]), now)
    assert contradictions(now) == [("status", "注销 2026-08-31", "2026-10仍在缴费")]
    subject = Subject.objects.get(code=CODES[0])
    services.remember_names(delivery_id=paid.pk, names={subject.pk: "甲股份公司"}, now=now)
    assert contradictions(now)[0] == ("name", "甲有限公司", "甲股份公司")
    services.remember_names(delivery_id=paid.pk, names={subject.pk: "甲（有限）公司"}, now=now)
    services.remember_names(delivery_id=paid.pk, names={subject.pk: "甲有限公司 "}, now=now)
    assert [kind for kind, *_ in contradictions(now)] == ["status"]


def test_each_side_sees_its_own_value_and_the_public_one(
    registrar: Source, source: Source, cast: Cast, now: datetime
) -> None:
    hand_in(registrar, "registration", "\n".join([REGISTRATION, registration(CODES[0], "甲有限公司"), ""]), now)
    rows = social_insurance(payment("202610", headcount="40"), code=CODES[0])
    hand_in(source, "social_insurance", rows, now)
    contradictions(now)

    def seen(actor: object) -> list[tuple[str, str]]:
        rows = selectors.said(actor, selectors.contradictions_visible_to(actor))  # type: ignore[arg-type]
        return [(row.first_value, row.second_value) for row in rows]

    assert seen(cast.department.actor) == [("6人", "40人")]
    assert seen(cast.operator.actor) == [("6人", "仅报送单位可见")]
    assert seen(cast.bank_officer.actor) == []


def alerts(now: datetime, on: date) -> int:
    services.keep_duties(actor=SYSTEM, business_date=on, now=now)
    return roll_alerts(actor=SYSTEM, business_date=on, now=now)


def test_an_overdue_period_is_told_once_and_ends_with_its_delivery(
    deliver: Deliver, registered: Delivery, cast: Cast, now: datetime
) -> None:
    CatalogueItem.objects.update(cadence="on_demand")
    CatalogueItem.objects.filter(code="social_insurance").update(cadence="monthly", due_workdays=5)
    services.keep_duties(actor=SYSTEM, business_date=date(2026, 11, 1), now=now)
    assert alerts(now, date(2026, 11, 11)) == 0  # due on the 6th, three working days of grace
    assert alerts(now, date(2026, 11, 12)) == 1
    assert alerts(now, date(2026, 11, 13)) == 0
    alert = OverdueAlert.objects.get()
    assert (alert.period_on, alert.due_on, alert.ended_at) == (OCTOBER, date(2026, 11, 6), None)
    notice = Notice.objects.get(organization=cast.department.organization)
    assert notice.title == "“社会保险缴费明细”逾期未报"
    assert "应于2026-11-06前报送" in notice.body
    for person in (cast.department, cast.operator):
        assert "逾期未报：社会保险缴费明细" in [item.title for item in selectors.work_items(person.actor, now)]
    deliver(social_insurance(payment("202609"), code=CODES[0]))
    assert OverdueAlert.objects.get().ended_at is None  # another month
    deliver(social_insurance(payment("202610"), code=CODES[0]))
    assert OverdueAlert.objects.get().ended_at is not None
    assert selectors.work_items(cast.department.actor, now) == []
    assert alerts(now, date(2026, 11, 16)) == 0
    assert Notice.objects.count() == 1


def test_an_alert_ends_with_the_duty(source: Source, now: datetime) -> None:
    CatalogueItem.objects.filter(code="social_insurance").update(cadence="monthly", due_workdays=5)
    services.keep_duties(actor=SYSTEM, business_date=date(2026, 11, 1), now=now)
    alerts(now, date(2026, 11, 30))
    assert OverdueAlert.objects.filter(item__code="social_insurance", ended_at=None).exists()
    services.set_source(actor=SYSTEM, organization=source.organization, item_codes=["penalty"], now=now)
    alerts(now, date(2026, 11, 30))
    assert not OverdueAlert.objects.filter(item__code="social_insurance", ended_at=None).exists()


def test_one_source_is_counted_on_request_by_the_operator_only(source: Source, cast: Cast, now: datetime) -> None:
    with pytest.raises(NotPermitted):
        services.request_count(actor=cast.department.actor, source=source, month_on=NOVEMBER, now=now)
    job = run_now(services.request_count(actor=cast.operator.actor, source=source, month_on=NOVEMBER, now=now))
    assert (job.state, job.result) == (JobState.DONE, {"rows": 3})
    assert QualityFigure.objects.count() == 3


def test_a_department_sees_its_own_figures_only(source: Source, registrar: Source, cast: Cast, now: datetime) -> None:
    count(now)
    found = selectors.overview(cast.department.actor, selectors.Filters(), date(2026, 11, 15))
    assert {row.figure.source_id for row in found.rows} == {source.pk}
    assert len(selectors.overview(cast.operator.actor, selectors.Filters(), date(2026, 11, 15)).rows) == 4
