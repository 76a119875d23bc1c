"""Is a consent good for this reading, today? Pure: frozen terms in, a frozen verdict out.

Fields of the authorisation object: domain §10; frequency, purpose code and the check at every reading follow the
consent artefact of the account aggregators (pitfalls §5).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from apps.core.actor import OrganizationKind


class Purpose(StrEnum):
    """What a reader wants the information for (domain §10, purpose code)."""

    PRE_LOAN_REVIEW = "pre_loan_review"
    POST_LOAN = "post_loan"
    MATCHING = "matching"
    GUARANTEE = "guarantee"
    WHITELIST = "whitelist"
    REPORT = "report"


PURPOSE_LABELS: dict[str, str] = {
    Purpose.PRE_LOAN_REVIEW: "贷前审查",
    Purpose.POST_LOAN: "贷后管理",
    Purpose.MATCHING: "融资对接推送",
    Purpose.GUARANTEE: "担保",
    Purpose.WHITELIST: "白名单推荐",
    Purpose.REPORT: "信用报告",
}


class Scope(StrEnum):
    """In which way the information may be used."""

    QUERY = "query"
    SCORE = "score"
    REPORT = "report"
    PUSH = "push"


SCOPE_LABELS: dict[str, str] = {
    Scope.QUERY: "查询",
    Scope.SCORE: "评分",
    Scope.REPORT: "出具报告",
    Scope.PUSH: "推送",
}

# Which way of use a purpose needs.
SCOPE_OF_PURPOSE: dict[str, str] = {
    Purpose.PRE_LOAN_REVIEW: Scope.QUERY,
    Purpose.POST_LOAN: Scope.QUERY,
    Purpose.MATCHING: Scope.PUSH,
    Purpose.GUARANTEE: Scope.QUERY,
    Purpose.WHITELIST: Scope.PUSH,
    Purpose.REPORT: Scope.REPORT,
}

# For what each kind of organisation may look at one firm; a kind that is not named may not at all.
PURPOSES_OF_KIND: dict[str, frozenset[str]] = {
    OrganizationKind.BANK: frozenset(Purpose),
    OrganizationKind.AUTHORITY: frozenset({Purpose.WHITELIST}),
}


class ReasonKind(StrEnum):
    """What business lets a bank look at a firm; `DUTY`: an authority reads what is shared among authorities (政务共享),
    which needs no consent of the firm but leaves its record.
    """

    MATCH = "match"
    LISTING = "listing"
    APPLICATION = "application"
    DUTY = "duty"


REASON_LABELS: dict[str, str] = {
    ReasonKind.MATCH: "融资对接",
    ReasonKind.LISTING: "白名单推荐",
    ReasonKind.APPLICATION: "融资申请",
    ReasonKind.DUTY: "政务共享",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What the firm agreed to. Valid on days in [valid_from_on, valid_to_on); `use_max` None: any number of times."""

    purposes: frozenset[str]
    items: frozenset[str]
    scopes: frozenset[str]
    valid_from_on: date
    valid_to_on: date
    withdrawn: bool = False
    use_max: int | None = None
    use_count: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """What a reader asks for: the purpose, the protected items (code → Chinese name), the day in Asia/Shanghai."""

    purpose: str
    items: Mapping[str, str]
    on: date


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing: a stable code and the Chinese clause that names it."""

    code: str
    clause: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Allowed when nothing is missing."""

    gaps: tuple[Gap, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the reading may go on."""
        return not self.gaps

    @property
    def codes(self) -> tuple[str, ...]:
        """What is missing, for machines."""
        return tuple(gap.code for gap in self.gaps)

    @property
    def sentence(self) -> str:
        """What is missing, for people; empty when allowed."""
        return "；".join(gap.clause for gap in self.gaps) + "。" if self.gaps else ""


NO_CONSENT = Verdict((Gap("no_consent", "企业没有授权本机构查询"),))
NO_REASON = Gap("no_reason", "本机构与该企业之间没有进行中的对接、推荐或融资申请")


def judge(terms: Terms, request: Request) -> Verdict:
    """Everything that one consent lacks for a request; nothing stops at the first gap."""
    scope = SCOPE_OF_PURPOSE[request.purpose]
    missing = [name for code, name in sorted(request.items.items()) if code not in terms.items]
    checks = (
        (terms.withdrawn, Gap("withdrawn", "企业已撤回授权")),
        (request.on < terms.valid_from_on, Gap("not_yet", f"授权自{terms.valid_from_on}起生效")),
        (request.on >= terms.valid_to_on, Gap("expired", f"授权已于{terms.valid_to_on}到期")),
        (
            request.purpose not in terms.purposes,
            Gap("purpose", f"授权不含“{PURPOSE_LABELS[request.purpose]}”用途"),
        ),
        (scope not in terms.scopes, Gap("scope", f"授权不含“{SCOPE_LABELS[scope]}”方式")),
        (bool(missing), Gap("items", f"授权不含信息项：{'、'.join(missing)}")),
        (
            terms.use_max is not None and terms.use_count >= terms.use_max,
            Gap("used_up", f"授权的{terms.use_max}次查询已用完"),
        ),
    )
    return Verdict(tuple(gap for is_missing, gap in checks if is_missing))


def nearest(verdicts: Iterable[Verdict]) -> Verdict:
    """Of several consents the one that lacks least; without any, that there is none."""
    return min(verdicts, key=lambda verdict: len(verdict.gaps), default=NO_CONSENT)
