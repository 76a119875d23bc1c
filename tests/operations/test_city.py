"""The invented city: the same for a seed, answered by the intake as planted, and found out by the evaluation."""

import csv
import hashlib
import io
import json
import math
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.core.management import CommandError, call_command

from apps.core import clock
from apps.core.identifiers import inner_check_char, outer_check_char, parse_uscc
from apps.operations.city import chance, deliveries, firms
from apps.operations.city.building import CityRefused, Plan, build
from apps.operations.city.loans import last_day
from apps.profiles.models import Profile, ProfileHistory
from apps.records.models import Delivery, HeldRow, PaymentRecord, RejectedRow
from apps.subjects.models import Subject

AS_OF = date(2026, 11, 15)
SUBJECTS = 600
SEED = 11


def mixed(index: int, purpose: str, below: int, seed: int) -> int:
    """SplitMix64 as it is printed."""
    start = int.from_bytes(hashlib.sha256(f"{seed} {purpose}".encode()).digest()[:8])
    word = (index * 0x9E3779B97F4A7C15 + start) % 2**64
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) % 2**64
    return (word ^ (word >> 31)) % below


def test_chance_is_splitmix() -> None:
    numbers = [0, 1, 2, 31, 2**31, 2**40]
    drawn = pl.DataFrame({"id": numbers}).select(chance.draw(pl.col("id"), "grade", 1_000_003, seed=5))["id"]
    assert drawn.to_list() == [mixed(number, "grade", 1_000_003, 5) for number in numbers]


def test_chances_come_as_often_as_they_should() -> None:
    frame = pl.DataFrame({"id": range(20_000)}).with_columns(
        chance.choice(pl.col("id"), "a", [(7, 10), (8, 30), (9, 60)], seed=1).alias("a"),
        chance.choice(pl.col("id"), "b", [(0, 50), (1, 50)], seed=1).alias("b"),
    )
    shares = dict(frame.group_by("a").len().rows())
    for value, percent in ((7, 10), (8, 30), (9, 60)):
        spread = 4 * math.sqrt(20_000 * percent * (100 - percent)) / 100
        assert abs(shares[value] - 200 * percent) < spread
    assert abs(frame.select(pl.corr("a", "b")).item()) < 4 / math.sqrt(20_000)
    with pytest.raises(ValueError, match="do not add up"):
        chance.choice(pl.col("id"), "a", [(1, 99)], seed=1)


def test_codes_are_valid_all_different_and_of_a_range_that_is_nobodys() -> None:
    numbers = pl.Series([*range(3_000), firms.LARGEST_NUMBER, 500_000_001])
    made = firms.codes(numbers, regions=firms.REGIONS, seed=3)
    assert made.n_unique() == len(numbers)
    for code in made:
        assert parse_uscc(code).inner_check_ok
        assert code[8:10] == "YC"
        assert (code[16], code[17]) == (inner_check_char(code[8:16]), outer_check_char(code[:17]))
    assert {code[2:8] for code in made} == set(firms.REGIONS)
    for beyond in (-1, firms.LARGEST_NUMBER + 1):
        with pytest.raises(ValueError, match="numbers up to"):
            firms.codes(pl.Series([beyond]))


def test_the_chance_of_default_is_the_logistic_of_the_planted_effects() -> None:
    frame = firms.features(firms.named(1, 500), AS_OF)
    for row in frame.iter_rows(named=True):
        odds = firms.INTERCEPT + sum(effect * row[name] for name, effect in firms.EFFECTS.items())
        assert row["default_ppm"] == pytest.approx(1e6 / (1 + math.exp(-odds / 1_000)), abs=0.51)
        assert row["age_months"] >= firms.LEAST_AGE_MONTHS
        assert (row["age_months"] < 24) == (row["young"] == 1)


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("one", 4), ("again", 4), ("other", 5)):
        build(tmp_path / name, Plan(60, seed, AS_OF))
    one, other = digests(tmp_path / "one"), digests(tmp_path / "other")
    assert one == digests(tmp_path / "again")
    assert one.keys() == other.keys()
    assert not set(one.values()) & set(other.values())


def test_parts_are_files_of_their_own_and_firms_do_not_depend_on_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(tmp_path / "whole", Plan(50, 4, AS_OF))
    monkeypatch.setattr("apps.operations.city.building.FIRMS_A_PART", 20)
    parts: list[int] = []
    truth = build(tmp_path / "parts", Plan(50, 4, AS_OF), tell=parts.append)
    assert parts == [20, 40, 50]
    assert len(truth["deliveries"]) == 3 * len(deliveries.PLAN)
    assert [file["item"] for file in truth["deliveries"][:4]] == ["registration"] * 3 + ["tax_grade"]
    for name in ("贷款结果.csv", "truth_firms.csv"):
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    totals = [json.loads((tmp_path / name / "truth.json").read_text())["outcomes"] for name in ("whole", "parts")]
    assert totals[0] == totals[1]


def test_what_cannot_be_built_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CityRefused, match="主体数"):
        build(tmp_path / "none", Plan(0, 1, AS_OF))
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path, tmp_path / "file"):
        with pytest.raises(CityRefused, match="不是空文件夹"):
            build(folder, Plan(1, 1, AS_OF))


@pytest.fixture
def city(db: None, tmp_path: Path) -> Path:
    """A small city of a fixed day, taken in on that day."""
    folder = tmp_path / "city"
    call_command(
        "make_city", "--subjects", str(SUBJECTS), "--seed", str(SEED), "--date", "2025-03-14",
        "--out", str(folder), "--take-in",
        stdout=io.StringIO(), stderr=io.StringIO(),
    )  # fmt: skip
    return folder


def truth_of(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return told


def evaluation_of(folder: Path) -> dict[str, Any]:
    out, file = io.StringIO(), folder / "评估.json"
    call_command("evaluate_scorecard", "--outcomes", str(folder / "贷款结果.csv"), "--json", str(file), stdout=out)
    assert "AUC" in out.getvalue()
    assert (folder / "贷款结果.评估.pdf").read_bytes().startswith(b"%PDF-")
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return told


def test_a_city_from_delivery_to_evaluation(city: Path) -> None:
    truth = truth_of(city)
    as_of = date.fromisoformat(truth["as_of"])
    assert last_day(as_of) <= clock.business_date(clock.now())
    _intake_answered_as_planted(truth)
    _records_are_the_truth(city)
    told = evaluation_of(city)
    _evaluation_adds_up(truth, told, as_of)
    _planted_effects_are_found(city, truth, told)
    with pytest.raises(CommandError, match="只能接入空库"):
        call_command(
            "make_city", "--subjects", "1", "--out", str(city / "more"), "--take-in",
            stdout=io.StringIO(), stderr=io.StringIO(),
        )  # fmt: skip


def _intake_answered_as_planted(truth: dict[str, Any]) -> None:
    assert Subject.objects.count() == Profile.objects.count() == SUBJECTS
    planted = truth["deliveries"]
    assert Delivery.objects.filter(state="applied").count() == len(planted)
    for file in planted:
        delivery = Delivery.objects.get(file_name=Path(file["path"]).name)
        for name in ("read", "not_data", "accepted", "duplicate"):
            assert getattr(delivery, name) == file[name], (file["path"], name)
        for table, name in ((RejectedRow, "rejected"), (HeldRow, "held")):
            reasons = list(table.objects.filter(delivery=delivery).order_by("pk").values_list("reason", flat=True))
            assert {reason: reasons.count(reason) for reason in set(reasons)} == file[name], (file["path"], name)
    kinds = {kind for file in planted for name in ("rejected", "held") for kind in file[name]}
    assert {"code_outer", "code_length", "unit_in_number", "negative", "conflict", "unknown_subject"} <= kinds
    assert {"chinese_number", "zeros_lost", "natural_person", "nothing_to_correct", "destroyed_number"} <= kinds


def _records_are_the_truth(city: Path) -> None:
    """After corrections everything that was delivered late or wrong says what is true."""
    lines = (city / "truth_firms.csv").read_text(encoding="utf-8").splitlines()
    true = {row["code"]: row for row in csv.DictReader(lines)}
    known = 0
    for profile in Profile.objects.order_by("pk"):
        row = true[profile.code]
        assert profile.tax_grade == firms.TAX_GRADES[int(row["tax_grade"])]
        assert profile.social_arrears_months == int(row["social_arrears_months"])
        assert profile.power_late_months_12m == int(row["power_late_months"])
        assert profile.penalties_general == int(row["penalties"])
        assert profile.is_abnormal_operation == (row["abnormal"] == "1")
        assert profile.patents == int(row["patents"])
        assert profile.paid_in_ratio_pct == Decimal(row["paid_in_pct"])
        assert profile.is_annual_report_current == (row["annual_report"] == "1")
        assert ((profile.tax_arrears_yuan or 0) > 0) == (row["tax_arrears"] == "1")
        if profile.declared_sales_growth_pct is not None:
            assert abs(profile.declared_sales_growth_pct - int(row["sales_growth"])) < 2
            known += 1
        assert profile.score is not None
    assert known > SUBJECTS * 0.7
    # A withdrawn row and the wrong half of a corrected one are closed.
    assert PaymentRecord.objects.filter(item_code="social_insurance", superseded_at__isnull=False).exists()


def _evaluation_adds_up(truth: dict[str, Any], told: dict[str, Any], as_of: date) -> None:
    planted, sample = truth["outcomes"], told["sample"]
    assert (sample["read"], sample["not_data"], sample["cases"]) == (
        planted["read"],
        planted["not_data"],
        planted["accepted"],
    )
    assert sample["duplicates"] == planted["duplicate"]
    assert sample["unused"] == {
        "rejected": planted["rejected"],
        "conflicting": planted["conflicting"],
        "unknown": planted["unknown"],
        "no_portrait": 0,
        "other_card": 0,
        "not_rated": 0,
    }
    assert told["evaluation"]["overall"]["bads"] == planted["bads"]
    assert sample["as_of"] == [as_of.isoformat()] * 2
    assert sample["as_known"] == [as_of.isoformat()] * 2
    assert sample["outcomes"][0] > sample["as_of"][1]
    assert ProfileHistory.objects.filter(as_known_at__date__gt=as_of + timedelta(days=1)).count() == 0


def _planted_effects_are_found(city: Path, truth: dict[str, Any], told: dict[str, Any]) -> None:
    """Bounds are three standard errors of the AUC of this very sample, which shrink with its size."""
    overall = told["evaluation"]["overall"]
    area, error = float(overall["auc"]), float(overall["auc_error"])
    assert area - 3 * error > 0.5
    # The card weighs by judgement: it may lose some of what the true chances tell, and cannot tell more but by luck.
    true_area = float(truth["outcomes"]["auc"])
    assert abs(area - true_area) < 3 * error
    expected = _expected_areas(city)
    lines = {line["slug"]: line["told"] for line in told["evaluation"]["lines"]}
    for slug in ("capital", "annual_report", "headcount_change", "intellectual_property", "power_volatility"):
        assert abs(float(lines[slug]["auc"]) - 0.5) < 3 * float(lines[slug]["auc_error"]), slug
    plain = []
    for slug, area_of_many in expected.items():
        area, error = (float(lines[slug][name]) for name in ("auc", "auc_error"))
        assert abs(area - area_of_many) < 3 * error, slug
        # What lies more than four errors away from chance may not look like chance.
        if area_of_many - 4 * error > 0.5:
            assert area - error > 0.5, slug
            plain.append(slug)
    assert {"tax_grade", "social_arrears"} <= set(plain)


def _expected_areas(city: Path) -> dict[str, float]:
    """The AUC that each line would have with as many firms as one likes, from true chances instead of luck."""
    frame = pl.read_csv(city / "truth_firms.csv").filter(pl.col("has_loan"))
    chances = frame["default_ppm"] / 1e6
    features = {
        "tax_grade": frame["tax_grade"],
        "social_arrears": frame["social_arrears_months"].clip(0, 6).replace_strict({0: 0, 1: 1, 2: 1, 4: 2, 6: 3}),
        "power_late": frame["power_late_months"].replace_strict({0: 0, 1: 1, 2: 1, 4: 2, 6: 3}),
        "penalties": frame["penalties"],
    }
    found = {}
    for slug, risk in features.items():
        groups = pl.DataFrame({"risk": risk, "bads": chances, "goods": 1 - chances}).group_by("risk").sum().sort("risk")
        wins, goods_so_far = 0.0, 0.0
        for _, bads, goods in groups.iter_rows():
            wins += bads * (goods_so_far + goods / 2)
            goods_so_far += goods
        found[slug] = wins / (float(chances.sum()) * goods_so_far)
    return found
