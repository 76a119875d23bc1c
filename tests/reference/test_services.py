import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from apps.core.actor import SYSTEM, Actor, Role
from apps.core.errors import InvalidInput, NotPermitted
from apps.core.models import AuditEvent
from apps.reference import selectors, services
from apps.reference.fixture_files import fixture_paths, read_fixture
from apps.reference.models import BlockList, LprQuote, PolicyFigure, Region, WorkDay
from apps.reference.services import Basis

pytestmark = pytest.mark.django_db

BASIS = Basis("测试文件〔2026〕1号", "confirmed", "测试")
FOLDER = settings.BASE_DIR / "fixtures" / "reference"
OPERATOR = Actor(
    user_id=1,
    name="平台管理员",
    organization_id=1,
    organization_name="信桥平台",
    organization_kind="platform",
    subject_id=None,
    roles=frozenset({Role.OPERATOR}),
)


def events(verb):
    return list(AuditEvent.objects.filter(verb=f"reference.{verb}").order_by("id"))


def write_fixture(folder: Path, value: str) -> Path:
    path = folder / "reference.policyfigure.json"
    columns = ["key", "label", "value", "unit", "effective_from", "effective_to"]
    rows = [["contact_workdays", "联系时限", value, "workdays", "2021-12-22", None]]
    group = {"source_document": "测试", "certainty": "ours", "rows": rows}
    document = {
        "model": "reference.policyfigure",
        "key": ["key", "effective_from"],
        "columns": columns,
        "groups": [group],
    }
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


FZC = {
    "name": "税务非正常户",
    "authority": "税务部门",
    "fact_item": "tax_abnormal",
    "effect_whitelist": "BLOCK",
    "effect_application": "REVIEW",
    "effect_subsidy": "BLOCK",
}
USE_CASES = {
    "save_work_year": dict(year=2027, days="2027-01-01 休", basis=BASIS),
    "record_lpr_quote": dict(published_on=date(2026, 10, 20), rates_pct={"1Y": Decimal("2.95")}, basis=BASIS),
    "save_region_change": dict(
        code="610306", name="岐山区", predecessor_codes=["610323"], effective_from=date(2026, 11, 1), basis=BASIS
    ),
    "save_block_list": dict(code="FZC", values=FZC, effective_from=date(2026, 11, 1), basis=BASIS),
    "save_policy_figure": dict(key="decide_days", value=Decimal(20), effective_from=date(2026, 11, 1), basis=BASIS),
}


@pytest.mark.parametrize("name", USE_CASES)
def test_only_operators_maintain_the_tables_and_every_act_is_on_record(name, now):
    service = getattr(services, name)
    for role in set(Role) - {Role.OPERATOR}:
        with pytest.raises(NotPermitted):
            service(actor=replace(OPERATOR, roles=frozenset({role})), now=now, **USE_CASES[name])
    assert events(name) == []
    service(actor=OPERATOR, now=now, **USE_CASES[name])
    (event,) = events(name)
    assert (event.reason, event.actor_name, event.at) == ("测试", "平台管理员", now)
    assert event.after


def test_save_work_year_covers_the_year(now):
    services.save_work_year(
        actor=OPERATOR, year=2027, days="2027-01-01 休\n2027-02-14 班 春节调休", basis=BASIS, now=now
    )
    calendar = selectors.work_calendar()
    assert calendar.add_workdays(date(2026, 12, 31), 1) == (date(2027, 1, 4), False)
    assert calendar.is_workday(date(2027, 2, 14))
    services.save_work_year(actor=OPERATOR, year=2027, days="2027-01-04 休", basis=BASIS, now=now)
    assert selectors.work_calendar().add_workdays(date(2026, 12, 31), 1) == (date(2027, 1, 1), False)
    assert events("save_work_year")[1].before == {"2027-01-01": False, "2027-02-14": True}


def test_save_work_year_that_fails_changes_nothing(now):
    before = WorkDay.objects.filter(on__year=2026).count()
    with pytest.raises(InvalidInput):
        services.save_work_year(actor=OPERATOR, year=2026, days="2026-01-01 休\n2026-13-01 休", basis=BASIS, now=now)
    assert WorkDay.objects.filter(on__year=2026).count() == before > 0


def test_record_lpr_quote_takes_effect_on_its_day_and_can_be_corrected(now):
    def record(rate):
        services.record_lpr_quote(
            actor=OPERATOR,
            published_on=date(2026, 10, 20),
            rates_pct={"1Y": Decimal(rate), "5Y": Decimal("3.45")},
            basis=BASIS,
            now=now,
        )

    record("2.59")
    record("2.95")
    assert selectors.lpr_as_of(date(2026, 10, 19), "1Y").rate_pct == Decimal("3.00")
    assert selectors.lpr_as_of(date(2026, 10, 20), "1Y").rate_pct == Decimal("2.95")
    assert LprQuote.objects.filter(published_on=date(2026, 10, 20)).count() == 2
    assert events("record_lpr_quote")[2].before == {"rate_pct": "2.59"}


def test_record_lpr_quote_refuses_the_future(now):
    with pytest.raises(InvalidInput) as refusal:
        services.record_lpr_quote(
            actor=OPERATOR, published_on=date(2026, 11, 16), rates_pct={"1Y": Decimal(3)}, basis=BASIS, now=now
        )
    assert "published_on" in refusal.value.fields


def test_save_region_change_turns_a_county_into_a_district(now):
    day = date(2026, 11, 1)
    services.save_region_change(
        actor=OPERATOR,
        code="610306",
        name="岐山区",
        predecessor_codes=["610323"],
        effective_from=day,
        basis=BASIS,
        now=now,
    )
    tree = selectors.region_tree(day)
    assert tree.path_text("610323") == "陕西省宝鸡市岐山区"
    assert tree.within("610306") == {"610306", "610323"}
    assert selectors.region_as_of("610323", date(2026, 10, 31)).name == "岐山县"


def test_save_region_change_renames_in_place(now):
    services.save_region_change(
        actor=OPERATOR,
        code="610305",
        name="凤翔新区",
        predecessor_codes=[],
        effective_from=date(2026, 11, 1),
        basis=BASIS,
        now=now,
    )
    assert selectors.region_as_of("610305", date(2026, 10, 31)).name == "凤翔区"
    assert selectors.region_as_of("610305", date(2026, 11, 1)).name == "凤翔新区"
    assert selectors.current_region_code("610322", date(2026, 11, 1)) == "610305"


@pytest.mark.parametrize(
    ("code", "predecessors", "field"),
    [
        ("610306", ["610322"], "predecessor_codes"),
        ("610306", ["610306"], "predecessor_codes"),
        ("990101", [], "code"),
    ],
)
def test_save_region_change_refuses_what_cannot_be(code, predecessors, field, now):
    with pytest.raises(InvalidInput) as refusal:
        services.save_region_change(
            actor=OPERATOR,
            code=code,
            name="某区",
            predecessor_codes=predecessors,
            effective_from=date(2026, 11, 1),
            basis=BASIS,
            now=now,
        )
    assert field in refusal.value.fields
    assert not Region.objects.filter(code=code).exists()


def test_save_block_list_keeps_what_held_before(now):
    services.save_block_list(
        actor=OPERATOR,
        code="FZC",
        values=FZC,
        effective_from=date(2026, 11, 1),
        basis=BASIS,
        now=now,
    )
    effect = {
        day: next(row.effect_application for row in selectors.block_lists(day) if row.code == "FZC")
        for day in (date(2026, 10, 31), date(2026, 11, 1))
    }
    assert effect == {date(2026, 10, 31): "BLOCK", date(2026, 11, 1): "REVIEW"}


def test_save_block_list_names_what_is_missing(now):
    with pytest.raises(InvalidInput) as refusal:
        services.save_block_list(
            actor=OPERATOR,
            code="NEW",
            values={**FZC, "name": "", "effect_subsidy": "MAYBE"},
            effective_from=date(2026, 11, 1),
            basis=BASIS,
            now=now,
        )
    assert set(refusal.value.fields) == {"name", "effect_subsidy"}


def test_save_policy_figure_fits_between_what_is_on_file(now):
    def save(value, day):
        services.save_policy_figure(
            actor=OPERATOR, key="decide_days", value=Decimal(value), effective_from=day, basis=BASIS, now=now
        )

    save(20, date(2027, 1, 1))
    save(25, date(2026, 12, 1))
    save(26, date(2026, 12, 1))
    save(60, date(2024, 1, 1))
    rows = PolicyFigure.objects.filter(key="decide_days").order_by("effective_from")
    assert [(row.value, str(row.effective_from), str(row.effective_to)) for row in rows] == [
        (60, "2024-01-01", "2024-10-15"),
        (30, "2024-10-15", "2026-12-01"),
        (26, "2026-12-01", "2027-01-01"),
        (20, "2027-01-01", "None"),
    ]


def test_save_policy_figure_refuses_an_unknown_key(now):
    with pytest.raises(InvalidInput, match="不存在"):
        services.save_policy_figure(
            actor=OPERATOR, key="nope", value=Decimal(1), effective_from=date(2026, 1, 1), basis=BASIS, now=now
        )


def test_load_fixture_skips_an_unchanged_file_and_updates_by_natural_key(tmp_path, now):
    count, recorded = PolicyFigure.objects.count(), len(events("load_fixture"))
    first = services.load_fixture(actor=SYSTEM, fixture=read_fixture(write_fixture(tmp_path, "6")), now=now)
    again = services.load_fixture(actor=SYSTEM, fixture=read_fixture(write_fixture(tmp_path, "6")), now=now)
    assert (first.is_changed, again.is_changed) == (True, False)
    assert selectors.figure("contact_workdays", date(2026, 11, 15)) == 6
    assert PolicyFigure.objects.count() == count
    assert len(events("load_fixture")) == recorded + 1


def test_load_fixture_leaves_rows_that_an_operator_keeps(tmp_path, now):
    services.save_policy_figure(
        actor=OPERATOR,
        key="contact_workdays",
        value=Decimal(3),
        effective_from=date(2021, 12, 22),
        basis=BASIS,
        now=now,
    )
    loaded = services.load_fixture(actor=SYSTEM, fixture=read_fixture(write_fixture(tmp_path, "9")), now=now)
    assert (loaded.rows, loaded.kept) == (1, 1)
    assert selectors.figure("contact_workdays", date(2026, 11, 15)) == 3


def test_load_fixture_is_for_the_system_and_operators(tmp_path, now):
    firm = replace(OPERATOR, roles=frozenset({Role.FIRM_OWNER}))
    with pytest.raises(NotPermitted):
        services.load_fixture(actor=firm, fixture=read_fixture(write_fixture(tmp_path, "9")), now=now)


def test_read_fixture_names_a_repeated_key(tmp_path):
    path = write_fixture(tmp_path, "9")
    document = json.loads(path.read_text(encoding="utf-8"))
    document["groups"][0]["rows"] *= 2
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ValueError, match="contact_workdays"):
        read_fixture(path)


def test_load_reference_a_second_time_changes_nothing(capsys):
    call_command("load_reference")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(fixture_paths(FOLDER)) == 10
    assert all(line.endswith("无变化") for line in lines)


def test_every_row_says_where_it_comes_from():
    for path in fixture_paths(FOLDER):
        for row in read_fixture(path).rows:
            assert row["source_document"]
    assert BlockList.objects.filter(source_document="").count() == 0


def test_work_items_name_the_missing_year_and_the_stale_rate_until_entered(now):
    def titles(at=now, actor=OPERATOR):
        return [item.title for item in selectors.work_items(actor, at)]

    assert titles() == ["登记2027年工作日历", "登记贷款市场报价利率"]
    assert titles(now.replace(month=10)) == ["登记贷款市场报价利率"]
    assert titles(actor=replace(OPERATOR, roles=frozenset({Role.BANK_OFFICER}))) == []
    services.save_work_year(actor=OPERATOR, now=now, **USE_CASES["save_work_year"])
    services.record_lpr_quote(actor=OPERATOR, now=now, **USE_CASES["record_lpr_quote"])
    assert titles() == []
