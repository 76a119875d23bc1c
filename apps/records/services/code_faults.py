"""重错码: found every night among subjects, held and rejected rows, and corrected by a workbook that comes back.

A correction acts through the doors of `subjects` (codes are added and marked, never deleted) and of intake (held rows
are dismissed with a reason, facts of a merged subject are closed and added again under the one that stays).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection, transaction

from apps.accounts.models import Organization
from apps.core import audit
from apps.core.actor import Actor, Role
from apps.core.audit import Target
from apps.core.errors import DomainError, InvalidInput, NotPermitted
from apps.core.identifiers import ENTITY_KIND_LABELS, normalise_code
from apps.records.code_faults import (
    ASSIGN,
    CHECK,
    DELETE,
    FLAGS,
    FORM,
    KEEP,
    KINDS,
    ONE_CODE_MANY,
    ONE_SUBJECT_MANY,
    code_in,
    refusal_of_line,
)
from apps.records.held_decisions import DISMISS
from apps.records.models import CodeFault, CorrectionLine, CorrectionRound, HeldRow
from apps.records.services.facts import move_facts
from apps.records.services.held import decide_held_rows
from apps.subjects.models import Subject
from apps.subjects.selectors import subject_by_code
from apps.subjects.services import add_faulty_code, assign_code, merge

REGISTRATION: Final = "registration"
BATCH_ROWS: Final = 2_000
_KIND_OF_REASON: Final = {
    "code_outer": CHECK,
    "code_inner": CHECK,
    "code_length": FORM,
    "code_alphabet": FORM,
}
# Which legal forms each 机构类别 of the market regulator stands for (GB 32100; domain §2.1).
_KIND_SHOULD_BE: Final = """
CASE WHEN s.legal_form LIKE '%%个体工商户%%' THEN '92'
     WHEN s.legal_form LIKE '%%农民专业合作社%%' THEN '93'
     ELSE NULL END
"""
_REGISTRAR: Final = """
LEFT JOIN LATERAL (
    SELECT d.source_id, f.recorded_at FROM records_holdingrecord f JOIN records_delivery d ON d.id = f.delivery_id
    WHERE f.item_code = 'registration' AND f.subject_id = s.id AND f.superseded_at IS NULL LIMIT 1) r ON true
"""
# (kind, code, subject id, source id, name, detail, evidence) of stored subjects; %(kinds)s are the known 机构类别.
# A 错码 is a kind of its own and no second code in the sense of 一主体多码, as in `triage`.
_SUBJECTS: Final = f"""
WITH living AS (SELECT * FROM subjects_subject WHERE merged_into_id IS NULL),
found AS (
    SELECT 'check' AS kind, l.id, '第17位校验码不符（错码）' || coalesce('；同名主体另有代码' || (
        SELECT string_agg(code, '、' ORDER BY code) FROM living m
        WHERE m.name_key = l.name_key AND m.id <> l.id), '') AS detail
    FROM living l WHERE NOT inner_check_ok
    UNION ALL
    SELECT 'body', id, '第9至17位与' || (count(*) OVER (PARTITION BY substr(code, 9, 9)) - 1) || '个其他主体相同'
    FROM living WHERE substr(code, 9, 9) IN (
        SELECT substr(code, 9, 9) FROM living GROUP BY 1 HAVING count(*) > 1)
    UNION ALL
    SELECT 'one_subject_many_codes', l.id, '名称与负责人相同的另有：' || o.codes
    FROM living l JOIN LATERAL (
        SELECT string_agg(code, '、' ORDER BY code) AS codes FROM living m
        WHERE m.name_key = l.name_key AND m.legal_representative = l.legal_representative AND m.id <> l.id
          AND m.inner_check_ok AND m.status NOT IN ('cancelled', 'moved_out')) o ON o.codes IS NOT NULL
    WHERE l.inner_check_ok AND l.legal_representative <> '' AND l.status NOT IN ('cancelled', 'moved_out')
    UNION ALL
    SELECT 'place', s.id, CASE
        WHEN NOT substr(s.code, 1, 2) = ANY(%(kinds)s) THEN '前两位' || substr(s.code, 1, 2) || '不是已知的机构类别'
        WHEN {_KIND_SHOULD_BE} <> substr(s.code, 1, 2)
            THEN '主体类型为' || s.legal_form || '，前两位应为' || {_KIND_SHOULD_BE}
        ELSE '第3至8位' || substr(s.code, 3, 6) || '不是已知的行政区划代码' END
    FROM living s
    WHERE NOT substr(s.code, 1, 2) = ANY(%(kinds)s) OR {_KIND_SHOULD_BE} <> substr(s.code, 1, 2)
       OR NOT EXISTS (SELECT 1 FROM reference_region g WHERE g.code = substr(s.code, 3, 6))
)
SELECT found.kind, s.code, s.id, r.source_id, s.name, found.detail, coalesce(r.recorded_at, s.updated_at)
FROM found JOIN subjects_subject s ON s.id = found.id {_REGISTRAR}
ORDER BY found.kind, s.code
"""
_HELD: Final = """
SELECT h.reason, h.code, max(h.id), min(d.source_id),
       coalesce(string_agg(DISTINCT nullif(h.values ->> 'subject_name', ''), '、'), ''),
       count(*) || '行待处理', max(d.received_at)
FROM records_heldrow h JOIN records_delivery d ON d.id = h.delivery_id
WHERE h.state = 'open' AND h.reason IN ('one_code_many_subjects', 'one_subject_many_codes')
GROUP BY h.reason, h.code ORDER BY h.reason, h.code
"""
# A rejected row is mended when the same row of a later delivery of the item is not rejected for it again: what counts
# is the newest applied delivery of each item and source.
_REJECTED: Final = """
SELECT DISTINCT ON (d.source_id, r.original_text)
       r.reason, r.original_text, d.source_id, i.code, i.name, d.received_at, r.row_number
FROM records_rejectedrow r JOIN records_delivery d ON d.id = r.delivery_id
JOIN records_catalogueitem i ON i.id = d.item_id
WHERE r.reason IN ('code_outer', 'code_inner', 'code_length', 'code_alphabet')
  AND d.id = (SELECT max(n.id) FROM records_delivery n
              WHERE n.source_id = d.source_id AND n.item_id = d.item_id AND n.state = 'applied')
ORDER BY d.source_id, r.original_text, d.received_at DESC
"""


@dataclass(slots=True)
class Found:
    """A fault as the database shows it now."""

    kind: str
    code: str
    source_id: int | None
    evidence_at: datetime
    counts_in_rate: bool
    subject_id: int | None = None
    held_row_id: int | None = None
    name: str = ""
    detail: str = ""

    @property
    def key(self) -> str:
        """One row a kind and code; who delivered a code that is no subject's is part of it."""
        owner = "" if self.subject_id or self.held_row_id else f":{self.source_id}"
        return f"{self.kind}:{self.code}{owner}"


def find_code_faults(*, actor: Actor, business_date: date, now: datetime) -> int:
    """Bring the list to what is stored now: new ones begin, those that are gone end, decided ones come back only when
    they were delivered again after the decision (never where the code is to stay). Returns how many are open.
    """
    found = {fault.key: fault for fault in (*_rejected(), *_of_subjects(), *_held())}
    with transaction.atomic():
        known = {row.key: row for row in CodeFault.objects.select_for_update(no_key=True).order_by("pk")}
        CodeFault.objects.bulk_create(
            [
                CodeFault(**_values(fault), key=key, code=fault.code, kind=fault.kind, found_on=business_date)
                for key, fault in found.items()
                if key not in known
            ],
            batch_size=BATCH_ROWS,
        )
        changed = [row for key, row in known.items() if _renew(row, found.get(key), business_date)]
        CodeFault.objects.bulk_update(
            changed,
            ["subject", "held_row", "source", "name", "detail", "counts_in_rate", "evidence_at", "ended_on"],
            batch_size=BATCH_ROWS,
        )
        if changed or len(found) > len(known):
            target = Target("records.codefault", str(business_date), f"{len(found)}处")
            audit.record(actor=actor, verb="records.find_code_faults", target=target, now=now)
    return CodeFault.objects.open().count()


def _values(fault: Found) -> dict[str, Any]:
    return {
        "subject_id": fault.subject_id,
        "held_row_id": fault.held_row_id,
        "source_id": fault.source_id,
        "name": fault.name[:200],
        "detail": fault.detail[:500],
        "counts_in_rate": fault.counts_in_rate,
        "evidence_at": fault.evidence_at,
    }


def _renew(row: CodeFault, fault: Found | None, today: date) -> bool:
    """Bring a known row to what was found of it; whether anything changed."""
    if fault is None:
        is_new = row.ended_on is None
        row.ended_on = row.ended_on or today
        return is_new
    if row.flag == KEEP or (row.decided_at is not None and fault.evidence_at <= row.decided_at):
        return False
    values = _values(fault) | {"ended_on": None}
    different = any(getattr(row, name) != value for name, value in values.items())
    for name, value in values.items():
        setattr(row, name, value)
    return different


def _of_subjects() -> Iterator[Found]:
    for kind, code, subject, source, name, detail, at in _rows(_SUBJECTS, {"kinds": list(ENTITY_KIND_LABELS)}):
        yield Found(kind, code, source, at, KINDS[kind].counts_in_rate, subject, None, name, detail)


def _held() -> Iterator[Found]:
    for reason, code, row, source, names, detail, at in _rows(_HELD, {}):
        yield Found(reason, code, source, at, True, None, row, names, detail)


def _rejected() -> Iterator[Found]:
    for reason, text, source, item, item_name, at, number in _rows(_REJECTED, {}):
        code = code_in(text, reason)[:24]
        if code:
            # A utility's typing error is listed, but only the register's own codes make the rate.
            counts = item == REGISTRATION
            detail = f"“{item_name}”第{number}行被退回"
            yield Found(_KIND_OF_REASON[reason], code, source, at, counts, detail=detail)


def _rows(sql: str, params: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(BATCH_ROWS):
            yield from rows


def open_round(
    *, actor: Actor, name: str, accepts: Iterable[str], business_date: date, now: datetime
) -> CorrectionRound:
    """Begin a round of corrections that takes these flags; the one before it is closed.

    Raises NotPermitted, and InvalidInput for no or unknown flags or a name used before.
    """
    if not actor.has(Role.OPERATOR):
        raise NotPermitted("只有平台管理员可以开始一轮更正。")
    flags = sorted(set(accepts))
    if not flags or not set(flags) <= set(FLAGS):
        raise InvalidInput(fields={"accepts": "请至少选择一种可接受的操作。"})
    if not name.strip() or CorrectionRound.objects.filter(name=name.strip()).exists():
        raise InvalidInput(fields={"name": "请填写名称，且不与以前的轮次相同。"})
    with transaction.atomic():
        CorrectionRound.objects.filter(closed_on__isnull=True).update(closed_on=business_date)
        opened = CorrectionRound.objects.create(name=name.strip(), accepts=flags, opened_on=business_date)
        audit.record(actor=actor, verb="records.open_round", target=opened, now=now, after={"accepts": flags})
    return opened


@dataclass(frozen=True, slots=True)
class Line:
    """A filled line of the correction workbook, as text; `number` is its row in the sheet."""

    number: int
    fault_id: str
    code: str
    flag: str
    other_code: str


def import_corrections(
    *, actor: Actor, correction_round: CorrectionRound, lines: Iterable[Line], business_date: date, now: datetime
) -> list[CorrectionLine]:
    """Act on every line that can be taken and keep a refused one with its sentence; each line by itself.

    Lines without a flag are left out. Raises NotPermitted, and InvalidInput when the round is over or no line is
    filled.
    """
    if not actor.has(Role.DEPARTMENT, Role.OPERATOR):
        raise NotPermitted("您不能更正重错码。")
    if correction_round.closed_on is not None:
        raise InvalidInput("这一轮更正已经结束。")
    filled = [line for line in lines if line.flag]
    if not filled:
        raise InvalidInput("文件中没有填写“数据操作标识位”的行。")
    kept = []
    with transaction.atomic():
        for line in filled:
            fault, refusal = _act(actor, correction_round, line, business_date, now)
            kept.append(
                CorrectionLine(
                    round=correction_round,
                    fault=fault,
                    row_number=line.number,
                    code=line.code[:40],
                    flag=line.flag[:10],
                    other_code=line.other_code[:40],
                    refusal=refusal[:300],
                    received_at=now,
                    received_from=actor.name,
                    organization_id=actor.organization_id,
                )
            )
        CorrectionLine.objects.bulk_create(kept, batch_size=BATCH_ROWS)
        find_code_faults(actor=actor, business_date=business_date, now=now)
        refused = sum(bool(line.refusal) for line in kept)
        audit.record(
            actor=actor,
            verb="records.import_corrections",
            target=correction_round,
            now=now,
            after={"accepted": len(kept) - refused, "refused": refused},
        )
    return kept


def _act(
    actor: Actor, correction_round: CorrectionRound, line: Line, today: date, now: datetime
) -> tuple[CodeFault | None, str]:
    """The fault that a line is about and why the line is refused, empty where it was acted on."""
    visible = CodeFault.objects.visible_to(actor).select_related("subject", "held_row__delivery__source")
    fault = (
        visible.filter(pk=int(line.fault_id)).first() if line.fault_id.isascii() and line.fault_id.isdigit() else None
    )
    if fault is None:
        return None, f"没有编号为“{line.fault_id}”的问题，请不要改动“问题编号”一列。"
    if fault.code != normalise_code(line.code):
        return fault, f"代码与问题编号不符：{fault.pk}号问题的代码是{fault.code}。"
    if fault.ended_on is not None:
        return fault, "该问题已经处理过了。"
    other = normalise_code(line.other_code)
    refusal = refusal_of_line(
        kind=fault.kind,
        flag=line.flag,
        accepted_flags=frozenset(correction_round.accepts),
        code=fault.code,
        other_code=other,
    )
    if refusal:
        return fault, refusal
    try:
        with transaction.atomic():
            _correct(actor, fault, line.flag, other, f"{correction_round.name}：{FLAGS[line.flag]}", now)
    except DomainError as error:
        return fault, error.message
    fault.flag, fault.decided_at, fault.ended_on = line.flag, now, today
    fault.save(update_fields=["flag", "decided_at", "ended_on"])
    return fault, ""


def _correct(actor: Actor, fault: CodeFault, flag: str, other: str, reason: str, now: datetime) -> None:
    """Do what the flag says. Raises DomainError with the sentence to show."""
    if fault.held_row is not None:
        _correct_held(actor, fault, flag, other, reason, now)
    elif fault.subject is not None and flag == ASSIGN:
        assign_code(actor=actor, subject=fault.subject, code=other, reason=reason, now=now)
    elif fault.subject is not None and flag == DELETE:
        _merge(actor, fault.subject, other, reason, now)


def _merge(actor: Actor, subject: Subject, kept_code: str, reason: str, now: datetime) -> None:
    kept = subject_by_code(kept_code) if kept_code else None
    if kept is None:
        raise InvalidInput("已登记的主体不能直接删除：请填写保留的代码，且须是登记注册信息中已有的代码。")
    if Organization.objects.filter(subject=subject, is_active=True).exists():
        raise InvalidInput("该代码的主体已在平台注册，请先由平台管理员停用其中一个账户。")
    merge(actor=actor, subject=subject, into=kept, reason=reason, now=now)
    move_facts(from_id=subject.pk, to_id=kept.pk, now=now)


def _correct_held(actor: Actor, fault: CodeFault, flag: str, other: str, reason: str, now: datetime) -> None:
    if flag == KEEP:
        raise InvalidInput("该代码的数据行尚待处理：确认两个主体都正确的，请在“待处理的行”中办理。")
    if flag == DELETE and fault.kind == ONE_SUBJECT_MANY:
        kept = subject_by_code(other)
        if kept is None:
            raise InvalidInput("保留的代码不是登记注册信息中已有的代码。")
        if subject_by_code(fault.code) is None:
            add_faulty_code(actor=actor, subject=kept, code=fault.code, reason=reason, now=now)
    elif flag == ASSIGN and fault.kind == ONE_CODE_MANY and (taken := subject_by_code(other)):
        raise InvalidInput(f"代码{other}已属于“{taken.name}”。")
    rows = HeldRow.objects.filter(state="open", reason=fault.kind, code=fault.code).order_by("pk")
    ids = list(rows.values_list("pk", flat=True))
    if ids:
        decide_held_rows(actor=actor, row_ids=ids, decision=DISMISS, reason=reason, now=now)
