"""What a sender says of a file is checked, and what the order of files says is shown (pitfalls D48 to D53)."""

import hashlib
from base64 import b64encode
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest

from apps.core.actor import SYSTEM
from apps.core.models import StoredFile
from apps.records import selectors, services
from apps.records.manifest import (
    Digest,
    Manifest,
    WrongManifest,
    check_digest,
    clean_name,
    count_fault,
    kind_of,
    read_content_digest,
    read_digest,
)
from apps.records.models import Delivery
from apps.records.services.deliveries import MAX_FILE_BYTES

SHA, SM3 = hashlib.sha256(b"abc").hexdigest(), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


@pytest.mark.parametrize("text", [SHA, SHA.upper(), f"sha256:{SHA}", f"SHA-256={SHA}", f" {SHA} "])
def test_a_digest_is_read_in_its_usual_spellings(text: str) -> None:
    assert read_digest(text) == Digest("sha-256", SHA)


def test_the_digest_of_the_standard_is_known() -> None:
    """GB/T 32905, appendix A.1: SM3 of «abc»."""
    check_digest(BytesIO(b"abc"), read_digest(f"sm3:{SM3}"))
    with pytest.raises(WrongManifest, match="SM3摘要与清单不符"):
        check_digest(BytesIO(b"abd"), read_digest(f"sm3:{SM3}"))


@pytest.mark.parametrize("text", ["", "0", SHA[:-1], f"md5:{SHA}", SHA.replace(SHA[0], "g"), f"sm3:{SHA}0"])
def test_another_digest_is_refused_by_name(text: str) -> None:
    with pytest.raises(WrongManifest) as refusal:
        read_digest(text)
    assert refusal.value.fields is not None
    assert list(refusal.value.fields) == ["digest"]


def test_a_content_digest_header_is_read() -> None:
    sha = b64encode(bytes.fromhex(SHA)).decode()
    sm3 = b64encode(bytes.fromhex(SM3)).decode()
    assert read_content_digest(f"sha-256=:{sha}:, sm3=:{sm3}:, md5=:AAAA:") == [
        Digest("sha-256", SHA),
        Digest("sm3", SM3),
    ]


@pytest.mark.parametrize("header", ["", "sha-256", "sha-256=abc", "sha-256=:AAAA:", "md5=:AAAA:", "sha-256=:A:", ","])
def test_another_content_digest_is_refused(header: str) -> None:
    with pytest.raises(WrongManifest):
        read_content_digest(header)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\报送\\社保.csv", "社保.csv"),
        ("社保\n\r.csv", "社保__.csv"),
        ("社保\u202evsc.csv", "社保_vsc.csv"),
        ("a\x00b.csv", "a_b.csv"),
        ("CON.csv", "CON.csv"),
        ("长" * 300 + ".csv", "长" * 251 + ".csv"),
        ("\ud800.csv", "_.csv"),
        ("/", "未命名"),
        ("", "未命名"),
    ],
)
def test_a_name_is_a_label_and_no_place(name: str, label: str) -> None:
    assert clean_name(name) == label


@pytest.mark.parametrize(
    ("given", "name", "kind"),
    [
        ("", "社会保险缴费明细_202608_更正_20261113.csv", "correction"),
        ("", "用电信息_202605_补报_20261114.csv", "late"),
        ("", "用电信息.csv", "ordinary"),
        ("ordinary", "用电信息_更正.csv", "ordinary"),
    ],
)
def test_the_kind_is_given_or_seen_in_the_name(given: str, name: str, kind: str) -> None:
    assert kind_of(given, name) == kind


def test_data_rows_are_counted_without_what_is_not_data() -> None:
    assert count_fault(None, read=5, not_data=1) == ""
    assert count_fault(4, read=5, not_data=1) == ""
    assert "申报5行，文件中有4行" in count_fault(5, read=5, not_data=1)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("period_to_on", {"period_from_on": date(2026, 2, 1), "period_to_on": date(2026, 1, 31)}),
        ("sequence", {"sequence": 0}),
        ("sequence", {"sequence": 2_000_000_001}),
        ("declared_rows", {"declared_rows": -1}),
        ("kind", {"kind": "other"}),
    ],
)
def test_a_manifest_that_cannot_be_is_refused(field: str, values: dict[str, object]) -> None:
    with pytest.raises(WrongManifest) as refusal:
        Manifest(**values)  # type: ignore[arg-type]
    assert refusal.value.fields is not None
    assert list(refusal.value.fields) == [field]


@pytest.fixture
def hand_in(source, now):
    """Hand in a text with a manifest; nothing is read yet."""

    def act(text: str, *, item: str = "social_insurance", name: str = "社保.csv", **manifest) -> Delivery:
        delivery = services.receive_delivery(
            actor=SYSTEM,
            source=source,
            item_code=item,
            file_name=name,
            content=text.encode(),
            now=now,
            manifest=Manifest(**manifest),
        )
        return selectors.with_order(Delivery.objects.filter(pk=delivery.pk)).get()

    return act


def codes_of(delivery: Delivery) -> list[str]:
    """What is observed about a delivery now."""
    fresh = selectors.with_order(Delivery.objects.filter(pk=delivery.pk)).get()
    return [seen.code for seen in selectors.observations_of(fresh)]


def test_the_manifest_is_kept_with_the_delivery(hand_in) -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    delivery = hand_in(
        "x",
        period_from_on=date(2026, 10, 1),
        period_to_on=date(2026, 10, 31),
        sequence=3,
        declared_rows=7,
        digest=read_digest(digest),
    )
    assert (delivery.sequence, delivery.declared_rows) == (3, 7)
    assert delivery.declared_digest == f"sha-256:{digest}"
    assert (delivery.period_from_on, delivery.period_to_on) == (date(2026, 10, 1), date(2026, 10, 31))


def test_a_file_that_is_not_the_declared_one_is_not_taken(hand_in) -> None:
    with pytest.raises(WrongManifest, match="SHA-256摘要与清单不符"):
        hand_in("x", digest=Digest("sha-256", SHA))
    assert not Delivery.objects.exists()
    assert not StoredFile.objects.exists()


def test_a_file_beyond_the_limit_is_not_taken(source, now, tmp_path: Path) -> None:
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as stream:
        stream.truncate(MAX_FILE_BYTES + 1)
    with huge.open("rb") as stream, pytest.raises(services.DeliveryTooLarge, match="超过2GB"):
        services.receive_delivery(
            actor=SYSTEM, source=source, item_code="penalty", file_name="h.csv", content=stream, now=now
        )
    assert not StoredFile.objects.exists()


def test_a_gap_is_shown_and_closes_by_itself(hand_in, source) -> None:
    first, jump = hand_in("1", sequence=1), hand_in("4", sequence=4)
    assert codes_of(first) == []
    assert codes_of(jump) == ["gap"]
    (gap,) = selectors.missing_sequences(source, jump.item)
    assert (gap.first, gap.last, gap.delivery_id, gap.numbers) == (2, 3, jump.pk, "2至3")
    late = hand_in("3", sequence=3)
    assert codes_of(late) == ["step_back"]
    assert [gap.numbers for gap in selectors.missing_sequences(source, jump.item)] == ["2"]
    (seen,) = selectors.observations_of(selectors.with_order(Delivery.objects.filter(pk=jump.pk)).get())
    assert "其间缺2份，尚缺1份" in seen.text
    hand_in("2", sequence=2)
    assert selectors.missing_sequences(source, jump.item) == []
    assert codes_of(jump) == ["gap_closed"]


def test_a_refused_file_leaves_its_number_open(hand_in, source) -> None:
    hand_in("1", sequence=1)
    refused = hand_in("2", sequence=2)
    Delivery.objects.filter(pk=refused.pk).update(state="refused", refusal="坏")
    last = hand_in("3", sequence=3)
    assert codes_of(last) == ["gap"]
    assert [gap.numbers for gap in selectors.missing_sequences(source, last.item)] == ["2"]


def test_numbers_count_per_source_and_item(hand_in, source) -> None:
    hand_in("1", sequence=1)
    other = hand_in("2", sequence=9, item="penalty")
    assert codes_of(other) == []
    assert selectors.missing_sequences(source, other.item) == []
    assert selectors.sequence_gaps(SYSTEM) == []


def test_a_number_used_twice_is_shown(hand_in) -> None:
    hand_in("1", sequence=1)
    assert codes_of(hand_in("other", sequence=1)) == ["same_number"]


def test_the_same_bytes_under_another_name_are_a_repetition(hand_in) -> None:
    first = hand_in("1", sequence=1)
    again = hand_in("1", sequence=1, name="社保(最终版).csv")
    assert (again.state, again.repeats) == ("repeated", first)
    assert codes_of(again) == ["repeated"]


def test_a_late_file_for_a_closed_period_is_shown(hand_in) -> None:
    october = hand_in("10", period_to_on=date(2026, 10, 31))
    may = hand_in("5", period_to_on=date(2026, 5, 31), name="用电信息_202605_补报.csv")
    assert codes_of(october) == []
    assert codes_of(may) == ["late_kind", "closed_period"]


def test_a_correction_is_shown_and_so_is_one_that_came_first(hand_in) -> None:
    ahead = hand_in("1", name="社保_更正.csv")
    (seen,) = selectors.observations_of(ahead)
    assert "更正先到" in seen.text
    (seen,) = selectors.observations_of(hand_in("2", kind="correction"))
    assert "更正先到" not in seen.text
