"""Financing needs: posted by the firm, or entered from a file of the window."""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction

from apps.core import audit
from apps.core.actor import Actor
from apps.core.errors import StateConflict
from apps.core.money import yuan
from apps.matching import policies
from apps.matching.importing import InvalidNeed, NeedTerms, Rejection, check_need, read_needs
from apps.matching.models import FinancingNeed
from apps.matching.workflow import CLOSED, NEED, OPEN
from apps.subjects.models import Subject

audit.register(
    "matching",
    {
        "post_need": "发布融资需求：{target}",
        "close_need": "结束融资需求：{target}",
        "import_needs": "导入融资需求：{target}",
        "run_match": "匹配金融产品：{target}",
        "start_matching": "发起全部融资需求的匹配：{target}",
        "send_need": "向银行发送融资需求：{target}",
        "accept_dispatch": "银行接收融资需求：{target}",
        "decline_dispatch": "银行不接收融资需求：{target}",
        "recall_dispatch": "撤回已发送的融资需求：{target}",
    },
)


def post_need(*, actor: Actor, terms: NeedTerms, business_date: date, now: datetime) -> FinancingNeed:
    """Post a need of the actor's own firm. Raises InvalidNeed (also for the same amount twice a day), NotPermitted."""
    subject_id = policies.require_can_post(actor)
    check_need(terms)
    try:
        with transaction.atomic():
            need = _create(actor, subject_id, terms, business_date, "online", now)
            audit.record(
                actor=actor,
                verb="matching.post_need",
                target=need,
                now=now,
                subject_id=subject_id,
                after=asdict(terms),
            )
    except IntegrityError as error:
        message = "今天已经发布过同样金额的融资需求。"
        raise InvalidNeed(message, fields={"amount_yuan": message}) from error
    return need


def _create(
    actor: Actor, subject_id: int, terms: NeedTerms, submitted_on: date, source: str, now: datetime
) -> FinancingNeed:
    values = asdict(terms) | {"amount_yuan": yuan(terms.amount_yuan)}
    return FinancingNeed.objects.create(
        subject_id=subject_id,
        submitted_on=submitted_on,
        source=source,
        posted_by_name=actor.name,
        created_at=now,
        **values,
    )


def close_need(*, actor: Actor, need: FinancingNeed, now: datetime) -> None:
    """End a need. What was sent to banks stays as it is until recalled."""
    policies.require_own_need(actor, need)
    NEED.check(need.state, "close", actor.roles)
    with transaction.atomic():
        if FinancingNeed.objects.filter(pk=need.pk, state=OPEN).update(state=CLOSED, closed_at=now) != 1:
            raise StateConflict("该需求已经结束。")
        audit.record(
            actor=actor,
            verb="matching.close_need",
            target=need,
            now=now,
            subject_id=need.subject_id,
            before={"state": OPEN},
            after={"state": CLOSED},
        )
    need.refresh_from_db()


@dataclass(frozen=True, slots=True)
class ImportReport:
    """read = not_data + len(created) + duplicates + len(rejected); `renamed` counts names unlike the register's."""

    read: int
    not_data: int
    created: tuple[FinancingNeed, ...]
    duplicates: int
    renamed: int
    rejected: tuple[Rejection, ...]


def import_needs(*, actor: Actor, content: bytes, business_date: date, now: datetime) -> ImportReport:
    """Enter the needs of a window file; a row already stored is a duplicate, so the same file again changes nothing.

    Rows of codes that are no subject are rejected. Raises UnreadableNeeds, NotPermitted.
    """
    policies.require_can_import(actor)
    found = read_needs(content, business_date)
    subjects = {subject.code: subject for subject in Subject.objects.filter(code__in=[row.code for row in found.needs])}
    created: list[FinancingNeed] = []
    rejected = list(found.rejected)
    duplicates = renamed = 0
    with transaction.atomic():
        stored = set(
            FinancingNeed.objects.filter(subject__in=subjects.values()).values_list(
                "subject_id", "submitted_on", "amount_yuan"
            )
        )
        for row in found.needs:
            subject = subjects.get(row.code)
            if subject is None:
                text = "该代码不是已登记的信用主体。"
                rejected.append(Rejection(row.row, "统一社会信用代码", row.code, text))
                continue
            key = (subject.pk, row.submitted_on, yuan(row.terms.amount_yuan))
            if key in stored:
                duplicates += 1
                continue
            stored.add(key)
            renamed += row.name != subject.name
            created.append(_create(actor, subject.pk, row.terms, row.submitted_on, "window", now))
        audit.record(
            actor=actor,
            verb="matching.import_needs",
            target=audit.Target("matching.financingneed", "", f"{len(created)} 条"),
            now=now,
            after={"created": len(created), "duplicates": duplicates, "rejected": len(rejected)},
        )
    rejected.sort(key=lambda rejection: rejection.row)
    return ImportReport(found.read, found.not_data, tuple(created), duplicates, renamed, tuple(rejected))
