"""数据核验 in the browser: the operator's channel, the source's batches, who asked; and the command for batches."""

import json
from collections.abc import Callable
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from apps.consents import services as consents
from apps.consents.models import AccessRecord
from apps.core import clock
from apps.core.actor import SYSTEM
from apps.core.jobs import run_now
from apps.records import services
from apps.records.models import Delivery, RefusedAnswer, VerificationAdapter, VerificationQuestion, VerificationRequest
from apps.subjects.models import Subject, SubjectCode
from tests.consents.factories import give, reason
from tests.records.support import CODES
from tests.records.verification_source import KEY_ID, SECRET, answer_of
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
ClientFor = Callable[[str], Client]
ITEM = "real_estate"
LIST = reverse("records:verification_list")


@pytest.fixture(autouse=True)
def _business_clock(monkeypatch: pytest.MonkeyPatch, settings: Any, now: datetime) -> None:
    """Pages and jobs happen at the instant of the tests; the environment has a key."""
    monkeypatch.setattr(clock, "now", lambda: now)
    settings.VERIFICATION_KEYS = {KEY_ID: SECRET}


@pytest.fixture
def subject(cast: Cast, now: datetime) -> Subject:
    """宏远制造 as the register knows it."""
    found = Subject.objects.get(pk=cast.owner.actor.subject_id)
    found.code = CODES[1]
    found.save()
    SubjectCode.objects.create(subject=found, code=found.code, seen_from_at=now)
    return found


@pytest.fixture
def adapter(cast: Cast, now: datetime) -> VerificationAdapter:
    """The department answers by file."""
    services.set_source(actor=SYSTEM, organization=cast.department.organization, item_codes=[ITEM], now=now)
    return services.configure_adapter(
        actor=cast.operator.actor,
        organization_id=cast.department.organization.pk,
        values={"kind": "file"},
        now=now,
    )


def ask(client: Client, subject: Subject) -> Any:
    """Press the button."""
    return client.post(reverse("profiles:verification_ask", args=[subject.code, ITEM]), follow=True)


def url(name: str, adapter: VerificationAdapter) -> str:
    """An address of the channel."""
    return reverse(f"records:verification_{name}", args=[adapter.pk])


def test_the_firm_asks_and_the_source_answers_by_file(
    adapter: VerificationAdapter, subject: Subject, client_for: ClientFor
) -> None:
    firm, department = client_for("owner"), client_for("department")
    page = ask(firm, subject)
    assert "已提问" in page.content.decode()
    question = VerificationQuestion.objects.get()
    run_now(question.job)
    sent = department.post(url("export", adapter), {"item": ITEM, "batch": ""})
    assert sent["Content-Disposition"].startswith('attachment; filename="verification-real_estate-20261115-')
    (wire,) = [json.loads(text) for text in sent.content.decode().splitlines()]
    lines = "\n".join([json.dumps(answer_of(wire)), json.dumps(answer_of(wire, requestId="HY-none"))])
    upload = SimpleUploadedFile("答复.jsonl", lines.encode())
    page = department.post(url("import", adapter), {"item": ITEM, "file": upload}, follow=True).content.decode()
    assert "采用1条答复，未采用1条" in page
    assert "没有向该单位提出过编号为“HY-none”的核验请求。" in page
    assert subject.name in page
    run_now(Delivery.objects.get().job)
    page = firm.get(reverse("profiles:verification", args=[subject.code])).content.decode()
    assert "已核验" in page
    records = firm.get(reverse("profiles:record_list", args=[subject.code, ITEM])).content.decode()
    assert "2026-11-15" in records


def test_a_bank_asks_only_with_consent_and_the_firm_sees_who_asked(
    adapter: VerificationAdapter, subject: Subject, cast: Cast, client_for: ClientFor, now: datetime
) -> None:
    bank = client_for("bank_officer")
    assert ask(bank, subject).status_code == 403
    reason(cast.bank_officer, cast.owner, now=now)
    give(cast.owner, now=now, grantee=cast.bank_officer, items=["tax_payment"])
    refused = ask(bank, subject)
    assert (refused.status_code, "授权不含信息项：不动产核验结果" in refused.content.decode()) == (403, True)
    assert not VerificationQuestion.objects.exists()
    consent = give(cast.owner, now=now, grantee=cast.bank_officer, items=[ITEM])
    page = ask(bank, subject)
    assert page.status_code == 200
    request = VerificationRequest.objects.get()
    record = AccessRecord.objects.get()
    assert (request.access_record_id, request.purpose, record.items) == (record.pk, "pre_loan_review", [ITEM])
    firm = client_for("owner").get(reverse("profiles:verification", args=[subject.code])).content.decode()
    assert cast.bank_officer.organization.name in firm
    assert "贷前审查" in firm
    other = client_for("other_bank_officer").get(reverse("profiles:verification", args=[subject.code]))
    assert request.question.request_no not in other.content.decode()
    consents.withdraw_consent(actor=cast.owner.actor, consent_id=consent.pk, now=now)
    request.question.refresh_from_db()
    assert request.question.state == "cancelled"


def test_progress_is_shown_to_who_asked(adapter: VerificationAdapter, subject: Subject, client_for: ClientFor) -> None:
    ask(client_for("owner"), subject)
    address = reverse("records:verification_progress", args=[VerificationRequest.objects.get().pk])
    part = client_for("accountant").get(address)
    assert "待发出" in part.content.decode()
    assert f'hx-get="{address}"' in part.content.decode()
    assert client_for("stranger").get(address).status_code == 404
    assert client_for("bank_officer").get(address).status_code == 404
    run_now(VerificationQuestion.objects.get().job)
    assert client_for("owner").get(address)["HX-Refresh"] == "true"


def test_the_operator_sets_pauses_and_resumes_and_sees_no_firm(
    adapter: VerificationAdapter, subject: Subject, cast: Cast, client_for: ClientFor
) -> None:
    ask(client_for("owner"), subject)
    operator = client_for("operator")
    edit = reverse("records:verification_edit", args=[cast.department.organization.pk])
    values = {
        "kind": "http", "address": "http://10.0.0.1/", "key_id": KEY_ID, "previous_key_id": "", "algorithm": "sm3",
        "connect_seconds": 3, "read_seconds": 10, "failures_to_open": 5, "cool_down_seconds": 60,
    }  # fmt: skip
    page = operator.post(edit, values)
    assert (page.status_code, "接口地址必须是https" in page.content.decode()) == (422, True)
    page = operator.post(edit, values | {"address": "https://example.gov.cn/verify"}, follow=True).content.decode()
    assert "https://example.gov.cn/verify" in page
    assert "HMAC-SM3" in page
    assert subject.name not in page
    assert subject.code not in page
    assert operator.post(url("pause", adapter), {"reason": ""}).status_code == 422
    page = operator.post(url("pause", adapter), {"reason": "对方停机维护"}, follow=True).content.decode()
    assert "对方停机维护" in page
    assert "已暂停" in operator.get(LIST).content.decode()
    page = operator.post(url("resume", adapter), follow=True).content.decode()
    assert "已恢复" in page
    assert "已开始试连" in operator.post(url("try", adapter), follow=True).content.decode()
    VerificationAdapter.objects.update(
        failures=5, opened_at=clock.machine_now(), last_error="对方没有在限定时间内答复。"
    )
    page = operator.get(url("detail", adapter)).content.decode()
    assert "连续失败5次" in page
    assert "对方没有在限定时间内答复。" in page


def test_what_the_source_hands_in_wrongly_is_said_on_the_page(
    adapter: VerificationAdapter, client_for: ClientFor
) -> None:
    department = client_for("department")
    page = department.post(url("export", adapter), {"item": ITEM, "batch": ""}, follow=True).content.decode()
    assert "没有等待发出的核验请求。" in page
    for content, why in ((b"a,b\n1,2\n", "JSON Lines"), (b"\n\n", "JSON Lines")):
        upload = SimpleUploadedFile("答复.csv", content)
        page = department.post(url("import", adapter), {"item": ITEM, "file": upload})
        assert (page.status_code, why in page.content.decode()) == (422, True)
    assert department.post(url("export", adapter), {"item": "tax_payment"}).status_code == 422
    assert not RefusedAnswer.objects.exists()


def test_a_source_without_a_channel_is_named(
    subject: Subject, cast: Cast, client_for: ClientFor, now: datetime
) -> None:
    services.set_source(actor=SYSTEM, organization=cast.department.organization, item_codes=[ITEM], now=now)
    page = client_for("operator").get(LIST).content.decode()
    assert "尚未设定通道的单位" in page
    assert reverse("records:verification_edit", args=[cast.department.organization.pk]) in page
    page = client_for("owner").get(reverse("profiles:verification", args=[subject.code]))
    assert "还没有可以核验的信息项" in page.content.decode()


@pytest.mark.parametrize(("name", "queries"), [("operator", 14), ("department", 16)])
def test_the_pages_need_the_same_queries_for_one_question_and_for_many(
    adapter: VerificationAdapter,
    subject: Subject,
    cast: Cast,
    client_for: ClientFor,
    now: datetime,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    name: str,
    queries: int,
) -> None:
    for number in range(30):
        VerificationQuestion.objects.create(
            adapter=adapter, item=adapter.source.items.get(), subject=subject, request_no=f"HY{number}",
            code=subject.code, name=subject.name, purpose="own", asked_at=now, state="failed",
        )  # fmt: skip
    client = client_for(name)
    for address in (url("detail", adapter), LIST):
        client.get(address)  # what is asked once a process is no matter of the page
        with django_assert_max_num_queries(queries):
            assert client.get(address).status_code == 200


def test_the_command_takes_batches_out_and_in(
    adapter: VerificationAdapter, subject: Subject, cast: Cast, client_for: ClientFor, tmp_path: Path
) -> None:
    ask(client_for("owner"), subject)
    source, file = cast.department.organization.name, tmp_path / "questions.jsonl"
    out = StringIO()
    call_command("verification", "export", source, ITEM, str(file), stdout=out)
    (wire,) = [json.loads(text) for text in file.read_text().splitlines()]
    assert "已导出1条" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("verification", "export", source, ITEM, str(file))
    assert file.read_text(), "nothing is written over"
    with pytest.raises(CommandError, match="没有等待发出"):
        call_command("verification", "export", source, ITEM, str(tmp_path / "other.jsonl"))
    assert not (tmp_path / "other.jsonl").exists()
    answers = tmp_path / "answers.jsonl"
    answers.write_text(json.dumps(answer_of(wire)) + "\n" + json.dumps(answer_of(wire)) + "\n")
    call_command("verification", "import", source, ITEM, str(answers), stdout=out)
    assert "采用1条答复，未采用1条。" in out.getvalue()
    assert "重复的答复未采用" in out.getvalue()
    for arguments in (("import", "没有的单位", ITEM), ("import", source, "tax_payment")):
        with pytest.raises(CommandError):
            call_command("verification", *arguments, str(answers))
    with pytest.raises(CommandError):
        call_command("verification", "import", source, ITEM, str(tmp_path / "missing.jsonl"))
