"""Reads of consents, of reasons to look, and of who looked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F, Q, QuerySet

from apps.accounts.models import Organization
from apps.accounts.selectors import bank_of
from apps.consents import wording
from apps.consents.models import AccessReason, AccessRecord, Consent, ConsentQuerySet
from apps.consents.rules import PURPOSE_LABELS, PURPOSES_OF_KIND, SCOPE_LABELS, SCOPE_OF_PURPOSE
from apps.core.actor import Actor, OrganizationKind, Role
from apps.core.clock import business_date
from apps.core.errors import InvalidInput, NotPermitted, NotVisible
from apps.core.months import add_months
from apps.core.work import WorkItem
from apps.records.models import CatalogueItem
from apps.reference.selectors import figure
from apps.subjects.models import Subject

PUBLIC, AUTHORISED, SHARED = "public", "authorised", "government"


def consents_visible_to(actor: Actor) -> QuerySet[Consent]:
    """Consents, newest first."""
    return Consent.objects.visible_to(actor).select_related("subject", "grantee").order_by("-given_at", "-pk")


def consent_visible_to(actor: Actor, consent_id: int) -> Consent:
    """One consent. Raises NotVisible."""
    consent = consents_visible_to(actor).filter(pk=consent_id).first()
    if consent is None:
        raise NotVisible
    return consent


def access_records_visible_to(actor: Actor) -> QuerySet[AccessRecord]:
    """Readings and runs, newest first: a firm sees all about itself, others what their organisation did."""
    return AccessRecord.objects.visible_to(actor).select_related("subject").order_by("-at", "-pk")


def live_consents(on: date, purpose: str) -> ConsentQuerySet:
    """Consents good on the day for a purpose: in their period, not withdrawn, not used up."""
    return Consent.objects.filter(
        Q(use_max=None) | Q(use_count__lt=F("use_max")),
        withdrawn_at=None,
        valid_from_on__lte=on,
        valid_to_on__gt=on,
        purposes__contains=[purpose],
        scopes__contains=[SCOPE_OF_PURPOSE[purpose]],
    )


def live_reasons(organization_ids: Iterable[int], on: date) -> QuerySet[AccessReason]:
    """Reasons open on the day for any of the organisations."""
    return AccessReason.objects.filter(
        Q(until_on=None) | Q(until_on__gt=on), organization_id__in=organization_ids, closed_at=None
    )


def grantees_of(actor: Actor) -> frozenset[int]:
    """The organisations whose consents and reasons serve an actor: its own, and the head office of a branch."""
    if actor.organization_id is None:
        return frozenset()
    if actor.organization_kind != OrganizationKind.BANK:
        return frozenset({actor.organization_id})
    return frozenset({actor.organization_id, bank_of(actor.organization_id).pk})


def subject_ids_open_to(actor: Actor, *, purpose: str, items: Iterable[str], on: date) -> QuerySet[Consent, int]:
    """Ids of the subjects that the gate would open to an organisation today for a purpose, as a subquery."""
    if purpose not in PURPOSES_OF_KIND.get(actor.organization_kind, frozenset()):
        return Consent.objects.none().values_list("subject_id", flat=True)
    grantees = grantees_of(actor)
    found = live_consents(on, purpose).filter(
        Q(grantee=None) | Q(grantee_id__in=grantees), items__contains=sorted(protected_among(items))
    )
    if actor.organization_kind == OrganizationKind.BANK:
        reasons = live_reasons(grantees | actor.organization_ids, on)
        found = found.filter(subject_id__in=reasons.values("subject_id"))
    return found.values_list("subject_id", flat=True)


def has_consent(subject_id: int, organization_id: int | None, purpose: str, on: date) -> bool:
    """Whether the subject consented to an organisation (None: to all of them) for a purpose on the day."""
    return live_consents(on, purpose).filter(_grantee(organization_id), subject_id=subject_id).exists()


def consented_subject_ids_for_batch(organization_id: int | None, purpose: str, on: date) -> set[int]:
    """Every subject that consented to an organisation (None: to all of them) for a purpose on the day."""
    found = live_consents(on, purpose).filter(_grantee(organization_id))
    return set(found.values_list("subject_id", flat=True))


def _grantee(organization_id: int | None) -> Q:
    if organization_id is None:
        return Q(grantee=None)
    return Q(grantee=None) | Q(grantee_id__in={organization_id, bank_of(organization_id).pk})


def protected_among(items: Iterable[str]) -> dict[str, str]:
    """Those of the items that are not 公开公示, code → Chinese name; an unknown code counts as protected."""
    return {code: name for code, (name, disclosure) in disclosures_of(items).items() if disclosure != PUBLIC}


def disclosures_of(items: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Code → (Chinese name, 披露方式); an unknown code names itself and counts as 授权查询."""
    wanted = set(items)
    rows = CatalogueItem.objects.filter(code__in=wanted).order_by("catalogue_no", "code")
    known = {code: (name, disclosure) for code, name, disclosure in rows.values_list("code", "name", "disclosure")}
    return known | {code: (code, AUTHORISED) for code in sorted(wanted - known.keys())}


def item_names(items: Iterable[str]) -> dict[str, str]:
    """Chinese names of catalogue items by code, in the order of the catalogue; an unknown code names itself."""
    wanted = list(items)
    known = dict(
        CatalogueItem.objects.filter(code__in=wanted).order_by("catalogue_no", "code").values_list("code", "name")
    )
    return known | {code: code for code in wanted if code not in known}


def consentable_items() -> dict[str, str]:
    """The items that need a firm's consent, code → Chinese name."""
    items = CatalogueItem.objects.filter(is_active=True, disclosure=AUTHORISED).order_by("catalogue_no", "code")
    return dict(items.values_list("code", "name"))


def possible_grantees() -> QuerySet[Organization]:
    """The banks that a firm may name."""
    return Organization.objects.banks()


@dataclass(frozen=True, slots=True)
class Draft:
    """A consent as it would be signed, for the signer to read."""

    subject: Subject
    grantee: Organization | None
    purposes: tuple[str, ...]
    items: tuple[str, ...]
    scopes: tuple[str, ...]
    valid_from_on: date
    valid_to_on: date
    use_max: int | None
    document: wording.Document


def draft_consent(
    *,
    actor: Actor,
    grantee_id: int | None,
    purposes: Iterable[str],
    now: datetime,
    items: Iterable[str] | None = None,
    scopes: Iterable[str] | None = None,
    months: int | None = None,
    use_max: int | None = None,
) -> Draft:
    """What the firm would sign, checked, with its full text.

    `grantee_id` None: all banks on the platform; `items` and `scopes` None: all; `months` None: the reference figure
    consent_default_months. Raises InvalidInput by field, NotPermitted for anybody but the firm's owner.
    """
    if not actor.has(Role.FIRM_OWNER) or actor.subject_id is None:
        raise NotPermitted("只有企业负责人可以签署或撤回授权。")
    subject = Subject.objects.get(pk=actor.subject_id)
    start = business_date(now)
    labels = consentable_items()
    chosen = {
        "purposes": _known(purposes, PURPOSE_LABELS),
        "items": _known(labels if items is None else items, labels),
        "scopes": _known(SCOPE_LABELS if scopes is None else scopes, SCOPE_LABELS),
    }
    faults = {name: "请至少选择一项，且只能选择所列的项。" for name, value in chosen.items() if not value}
    if use_max is not None and use_max < 1:
        faults["use_max"] = "次数上限应为正整数，不限次数请留空。"
    longest = int(figure("consent_max_months", start))
    term = int(figure("consent_default_months", start)) if months is None else months
    if not 1 <= term <= longest:
        faults["months"] = f"授权期限应为1至{longest}个月。"
    grantee = possible_grantees().filter(pk=grantee_id).first() if grantee_id is not None else None
    if grantee_id is not None and grantee is None:
        faults["grantee"] = "没有这家金融机构，或它已停用。"
    if faults:
        raise InvalidInput(fields=faults)
    end = add_months(start, term)
    document = wording.authorisation(
        subject_name=subject.name,
        subject_code=subject.code,
        grantee_name=grantee.name if grantee else None,
        purposes=[PURPOSE_LABELS[value] for value in chosen["purposes"]],
        items=[labels[value] for value in chosen["items"]],
        scopes=[SCOPE_LABELS[value] for value in chosen["scopes"]],
        period=(start, end),
        use_max=use_max,
    )
    return Draft(subject, grantee, **chosen, valid_from_on=start, valid_to_on=end, use_max=use_max, document=document)


def _known(values: Iterable[str], labels: dict[str, str]) -> tuple[str, ...]:
    """The values in the order of `labels`; nothing when one of them is unknown."""
    wanted = set(values)
    return tuple(str(value) for value in labels if value in wanted) if wanted <= labels.keys() else ()


def work_items(actor: Actor, now: datetime) -> list[WorkItem]:
    """A firm owner without any consent in force, or with one that ends within 30 days."""
    if not actor.has(Role.FIRM_OWNER) or actor.subject_id is None:
        return []
    today = business_date(now)
    live = Consent.objects.filter(subject_id=actor.subject_id, withdrawn_at=None, valid_to_on__gt=today)
    last = live.order_by("-valid_to_on").values_list("valid_to_on", flat=True).first()
    if last is None:
        return [
            WorkItem(
                "授权银行查询本企业信息",
                "没有授权时，银行只能看到公开信息",
                "consents:consent_create",
            )
        ]
    if (last - today).days <= 30:
        return [WorkItem("续签授权", f"最后一份授权将于{last}到期", "consents:consent_create", due_on=last)]
    return []
