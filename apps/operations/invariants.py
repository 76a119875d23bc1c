"""What must hold of the whole database (pitfalls §3), looked at every night. It reports and never mends.

Constraints hold most of it row by row; these look across rows, tables and clocks. Each check is one or few statements
that return nothing when all is well.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Exists, ForeignKey, OuterRef

from apps.core import audit
from apps.core.models import StoredFile
from apps.records.models import CatalogueItem, DeletionProof

NAMED = 5
OUTBOX_AT_MOST = timedelta(seconds=60)
# The sweeper takes an expired lease within seconds; one that stays longer says that no beat runs.
LEASE_OVERDUE = timedelta(minutes=5)
FILES_LOOKED_AT = 1_000


@dataclass(frozen=True, slots=True)
class Invariant:
    """One thing that must hold: `breaks` names every case in which it does not, as Chinese phrases."""

    slug: str
    label: str
    breaks: Callable[[datetime], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Result:
    """What looking at one invariant found: how many breaks, and the first of them by name."""

    invariant: Invariant
    count: int
    named: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return self.count == 0


def check(machine_now: datetime) -> list[Result]:
    """Look at every invariant; `machine_now` is the machine's clock, since leases and seals go by it."""
    results = []
    for invariant in INVARIANTS:
        breaks = list(invariant.breaks(machine_now))
        results.append(Result(invariant, len(breaks), tuple(breaks[:NAMED])))
    return results


def _rows(statement: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or {})
        return list(cursor.fetchall())


_LINES = """
SELECT line.id, line.limit_yuan, line.reserved_yuan, line.drawn_yuan,
       COALESCE(sum(d.amount_yuan) FILTER (WHERE d.state = 'reserved'), 0) AS reserved,
       COALESCE(sum(CASE WHEN line.is_revolving THEN d.principal_open_yuan ELSE d.amount_yuan END)
                FILTER (WHERE d.state IN ('posted', 'settled')), 0) AS drawn
FROM loans_creditline line LEFT JOIN loans_drawdown d ON d.line_id = line.id
GROUP BY line.id
"""


def _over_limit(machine_now: datetime) -> Iterable[str]:
    rows = _rows(f"SELECT id, reserved + drawn, limit_yuan FROM ({_LINES}) l WHERE reserved + drawn > limit_yuan")
    return [f"授信额度{pk}：预占与放款合计{used}元，超过额度{limit}元" for pk, used, limit in rows]


def _line_balances(machine_now: datetime) -> Iterable[str]:
    rows = _rows(
        f"SELECT id, reserved_yuan, reserved, drawn_yuan, drawn FROM ({_LINES}) l"
        " WHERE reserved_yuan <> reserved OR drawn_yuan <> drawn"
    )
    return [f"授信额度{row[0]}：记载预占{row[1]}、已用{row[3]}元，按放款重算为{row[2]}、{row[4]}元" for row in rows]


def _loan_balances(machine_now: datetime) -> Iterable[str]:
    rows = _rows("""
        SELECT d.id, d.principal_open_yuan, d.amount_yuan - COALESCE(r.principal, 0), i.principal, d.amount_yuan
        FROM loans_drawdown d
        LEFT JOIN (SELECT drawdown_id, sum(principal_yuan) principal FROM loans_repayment GROUP BY 1) r
               ON r.drawdown_id = d.id
        LEFT JOIN (SELECT drawdown_id, sum(principal_yuan) principal FROM loans_instalment GROUP BY 1) i
               ON i.drawdown_id = d.id
        WHERE d.state IN ('posted', 'settled')
          AND (d.principal_open_yuan <> d.amount_yuan - COALESCE(r.principal, 0)
               OR i.principal IS DISTINCT FROM d.amount_yuan)
        ORDER BY d.id
    """)
    return [f"放款{row[0]}：余额{row[1]}元，重算{row[2]}元；计划本金合计{row[3]}元，放款{row[4]}元" for row in rows]


def _delivered(table: str) -> str:
    """How many facts of a table came of each delivery; what a merged subject left to another was delivered once."""
    return f"""
        SELECT delivery_id, count(*) AS n FROM {table} f WHERE NOT EXISTS (
            SELECT FROM subjects_subject gone JOIN {table} was ON was.subject_id = gone.id
            WHERE gone.merged_into_id = f.subject_id AND was.superseded_at = f.recorded_at
              AND was.delivery_id = f.delivery_id AND was.row_number = f.row_number AND was.key_text = f.key_text)
        GROUP BY 1"""


def _delivery_counts(machine_now: datetime) -> Iterable[str]:
    tables = ("records_paymentrecord", "records_eventrecord", "records_holdingrecord")
    delivered = " UNION ALL ".join(_delivered(table) for table in tables)
    rows = _rows(f"""
        WITH facts AS (
            SELECT delivery_id, sum(n) AS n FROM ({delivered}) each GROUP BY 1
        ), back AS (
            SELECT delivery_id, count(DISTINCT (sheet, row_number)) AS n FROM records_rejectedrow GROUP BY 1
        ), waiting AS (
            SELECT delivery_id, count(*) FILTER (WHERE state = 'open') AS open,
                   count(*) FILTER (WHERE state = 'dismissed') AS dismissed
            FROM records_heldrow GROUP BY 1
        )
        SELECT d.id, d.read, d.not_data + d.accepted + d.rejected + d.held + d.duplicate,
               d.accepted, COALESCE(facts.n, 0) + went.facts, d.rejected,
               COALESCE(back.n, 0) + COALESCE(waiting.dismissed, 0) + d.rejected_removed,
               d.held, COALESCE(waiting.open, 0)
        FROM records_delivery d
        LEFT JOIN facts ON facts.delivery_id = d.id
        LEFT JOIN back ON back.delivery_id = d.id
        LEFT JOIN waiting ON waiting.delivery_id = d.id
        -- A row that withdraws another is accepted and no fact; what retention deleted was one.
        CROSS JOIN LATERAL (SELECT d.accepted_removed
            + COALESCE((d.tallies #>> '{{corrected,withdrawn}}')::integer, 0) AS facts) went
        WHERE d.state = 'applied'
          AND (d.read <> d.not_data + d.accepted + d.rejected + d.held + d.duplicate
               OR d.accepted <> COALESCE(facts.n, 0) + went.facts
               OR d.rejected <> COALESCE(back.n, 0) + COALESCE(waiting.dismissed, 0) + d.rejected_removed
               OR d.held <> COALESCE(waiting.open, 0))
        ORDER BY d.id
    """)
    return [
        f"第{pk}号报送：读取{read}，各项合计{total}；入库{accepted}，实有{facts}；退回{rejected}，实有{back}；"
        f"待处理{held}，实有{waiting}"
        for pk, read, total, accepted, facts, rejected, back, held, waiting in rows
    ]


def _audit_chain(machine_now: datetime) -> Iterable[str]:
    found = audit.verify(machine_now=machine_now)
    broken = [f"{stream}：{fault.message}" for stream, fault in sorted(found.broken.items())]
    return broken + ([f"{found.overdue}条记录超过60秒未封存"] if found.overdue else [])


def _accesses_with_consent(machine_now: datetime) -> Iterable[str]:
    by_consent = CatalogueItem.objects.filter(disclosure="authorised")
    protected = list(by_consent.order_by("code").values_list("code", flat=True))
    rows = _rows(
        """
        SELECT r.id, r.consent_id
        FROM consents_accessrecord r
        JOIN consents_consent c ON c.id = r.consent_id
        LEFT JOIN accounts_organization o ON o.id = r.organization_id
        WHERE r.subject_id IS NOT NULL AND NOT COALESCE(
            c.subject_id = r.subject_id
            AND (c.grantee_id IS NULL OR c.grantee_id IN (o.id, o.parent_id))
            AND c.purposes @> to_jsonb(r.purpose::text)
            AND NOT EXISTS (
                SELECT 1 FROM jsonb_array_elements_text(r.items) AS item
                WHERE item = ANY(%(protected)s) AND NOT c.items @> to_jsonb(item)
            )
            AND (r.at AT TIME ZONE 'Asia/Shanghai')::date >= c.valid_from_on
            AND (r.at AT TIME ZONE 'Asia/Shanghai')::date < c.valid_to_on
            AND (c.withdrawn_at IS NULL OR c.withdrawn_at >= r.at),
            false
        )
        ORDER BY r.id
        """,
        {"protected": protected},
    )
    return [f"第{record}号查询记录：所依据的第{consent}号授权在当时不成立" for record, consent in rows]


def _consent_uses(machine_now: datetime) -> Iterable[str]:
    rows = _rows("""
        SELECT c.id, c.use_count, count(r.id)
        FROM consents_consent c LEFT JOIN consents_accessrecord r ON r.consent_id = c.id
        WHERE c.use_max IS NOT NULL
        GROUP BY c.id HAVING c.use_count <> count(r.id) OR count(r.id) > c.use_max
        ORDER BY c.id
    """)
    return [f"第{pk}号授权：记载使用{used}次，查询记录{seen}条" for pk, used, seen in rows]


def _orphans(machine_now: datetime) -> Iterable[str]:
    """Bulk tables carry no foreign keys; this stands in for them (design §5)."""
    quoted = connection.ops.quote_name
    found = []
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if not isinstance(field, ForeignKey) or getattr(field, "db_constraint", True):
                continue
            target = field.related_model._meta
            [(count,)] = _rows(
                f"SELECT count(*) FROM {quoted(model._meta.db_table)} child WHERE {quoted(field.attname)} IS NOT NULL"
                f" AND NOT EXISTS (SELECT 1 FROM {quoted(target.db_table)} parent"
                f" WHERE parent.{quoted(target.pk.attname)} = child.{quoted(field.attname)})"
            )
            if count:
                found.append(f"{model._meta.db_table}.{field.attname}：{count}行指向不存在的{target.db_table}")
    return found


def _outbox(machine_now: datetime) -> Iterable[str]:
    rows = _rows(
        "SELECT id, task, tries FROM core_outbox WHERE created_at < %(limit)s ORDER BY id",
        {"limit": machine_now - OUTBOX_AT_MOST},
    )
    return [f"待发消息{pk}（{task}）：超过60秒未发出，已试{tries}次" for pk, task, tries in rows]


def _leases(machine_now: datetime) -> Iterable[str]:
    rows = _rows(
        "SELECT id, kind FROM core_job WHERE state IN ('queued', 'running') AND lease_until < %(limit)s ORDER BY id",
        {"limit": machine_now - LEASE_OVERDUE},
    )
    return [f"任务{pk}（{kind}）：租约过期超过5分钟，无人接手" for pk, kind in rows]


def _files(machine_now: datetime) -> Iterable[str]:
    deleted = DeletionProof.objects.filter(kept="file", digest=OuterRef("sha256"))
    newest = StoredFile.objects.filter(~Exists(deleted)).order_by("-pk")[:FILES_LOOKED_AT]
    return [
        f"文件{file.pk}（{file.name}）：存储中没有它的内容" for file in newest if not default_storage.exists(file.path)
    ]


INVARIANTS: tuple[Invariant, ...] = (
    Invariant("over_limit", "每份授信的预占与放款合计不超过额度", _over_limit),
    Invariant("line_balances", "授信的预占与已用等于按放款重算的金额", _line_balances),
    Invariant("loan_balances", "贷款余额等于放款减还款，还款计划合计等于放款", _loan_balances),
    Invariant("delivery_counts", "每份报送的各项笔数相加等于读取数，并与实有行数一致", _delivery_counts),
    Invariant("audit_chain", "审计链完整，没有迟迟未封存的记录", _audit_chain),
    Invariant("accesses_with_consent", "每次查询所依据的授权在当时有效", _accesses_with_consent),
    Invariant("consent_uses", "授权的使用次数与查询记录一致", _consent_uses),
    Invariant("orphans", "大表中没有指向不存在对象的行", _orphans),
    Invariant("outbox", "待发消息在60秒内发出", _outbox),
    Invariant("leases", "没有无人接手的过期租约", _leases),
    Invariant("files", "最近登记的一千个文件都在存储中", _files),
)
