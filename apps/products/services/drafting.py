"""Drafts of product versions."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from apps.accounts.models import Organization
from apps.core import audit
from apps.core.actor import Actor, OrganizationKind
from apps.core.errors import InvalidInput, PreconditionFailed, StateConflict
from apps.criteria.language import read_criteria, write_criteria
from apps.criteria.selectors import snapshot
from apps.products import policies
from apps.products.models import Product, ProductVersion
from apps.products.terms import Terms, check_terms
from apps.products.workflow import DRAFT, SUBMITTED

audit.register(
    "products",
    {
        "draft_product": "新增产品：{target}",
        "draft_version": "起草产品版本：{target}",
        "edit_draft": "修改产品草稿：{target}",
        "submit_version": "提交产品审核：{target}",
        "take_back_version": "撤回产品修改：{target}",
        "return_version": "退回产品修改：{target}",
        "publish_version": "发布产品：{target}",
        "suspend_version": "暂停产品受理：{target}",
        "resume_version": "恢复产品受理：{target}",
        "discard_draft": "作废产品草稿：{target}",
        "withdraw_version": "下架产品：{target}",
    },
)


def draft_product(
    *,
    actor: Actor,
    organization: Organization,
    name: str,
    terms: Terms,
    criteria: Sequence[Any],
    business_date: date,
    now: datetime,
    source_texts: dict[str, str] | None = None,
) -> ProductVersion:
    """Create a product with its first draft.

    Raises InvalidInput (bad terms or criteria, a name the bank already uses), NotPermitted, NotVisible.
    """
    policies.require_can_draft(actor, organization.pk)
    if organization.kind != OrganizationKind.BANK:
        raise InvalidInput("只有金融机构可以发布产品。")
    name = name.strip()
    if not 0 < len(name) <= 100:
        raise InvalidInput("产品名称应为 1 至 100 字。", fields={"name": "产品名称应为 1 至 100 字。"})
    stored = _checked(terms, criteria, business_date)
    try:
        with transaction.atomic():
            product = Product.objects.create(organization=organization, name=name, created_at=now)
            audit.record(actor=actor, verb="products.draft_product", target=product, now=now)
            return _create(actor, product, terms, stored, source_texts or {}, now)
    except IntegrityError as error:
        message = f"贵行已有名为“{name}”的产品。"
        raise InvalidInput(message, fields={"name": message}) from error


def draft_version(
    *,
    actor: Actor,
    product: Product,
    terms: Terms,
    criteria: Sequence[Any],
    business_date: date,
    now: datetime,
    source_texts: dict[str, str] | None = None,
) -> ProductVersion:
    """Start the next version of a product. Raises StateConflict while another draft is open."""
    policies.require_can_draft(actor, product.organization_id)
    stored = _checked(terms, criteria, business_date)
    with transaction.atomic():
        Product.objects.select_for_update(of=("self",), no_key=True).get(pk=product.pk)
        if product.versions.filter(state__in=[DRAFT, SUBMITTED]).exists():
            raise StateConflict("该产品已有一个草稿或待审核的版本，请先处理它。")
        return _create(actor, product, terms, stored, source_texts or {}, now)


def edit_draft(
    *,
    actor: Actor,
    version: ProductVersion,
    revision: int,
    terms: Terms,
    criteria: Sequence[Any],
    business_date: date,
    now: datetime,
) -> None:
    """Replace terms and criteria of a draft. Raises PreconditionFailed if somebody changed it since `revision`."""
    policies.require_own(actor, version.product)
    policies.require_can_draft(actor, version.product.organization_id)
    stored = _checked(terms, criteria, business_date)
    before = {"terms": asdict(version.terms), "criteria": version.criteria}
    with transaction.atomic():
        mine = ProductVersion.objects.filter(pk=version.pk, state=DRAFT, revision=revision)
        if mine.update(**_columns(terms), criteria=stored, revision=revision + 1, updated_at=now) != 1:
            _refuse_stale(version)
        audit.record(
            actor=actor,
            verb="products.edit_draft",
            target=version,
            now=now,
            before=before,
            after={"terms": asdict(terms), "criteria": stored},
        )


def _refuse_stale(version: ProductVersion) -> None:
    state = ProductVersion.objects.values_list("state", flat=True).get(pk=version.pk)
    if state != DRAFT:
        raise StateConflict("只有草稿可以修改。")
    raise PreconditionFailed


def _checked(terms: Terms, criteria: Sequence[Any], business_date: date) -> list[dict[str, Any]]:
    """The criteria as they will be stored. Raises InvalidTerms, InvalidCriterion."""
    check_terms(terms)
    return write_criteria(read_criteria(list(criteria), snapshot(business_date)))


def _columns(terms: Terms) -> dict[str, Any]:
    values = asdict(terms)
    return values | {
        "guarantee_types": list(terms.guarantee_types),
        "repayment_types": list(terms.repayment_types),
    }


def _create(
    actor: Actor, product: Product, terms: Terms, criteria: list[dict[str, Any]], texts: dict[str, str], now: datetime
) -> ProductVersion:
    last = product.versions.order_by("-version").values_list("version", flat=True).first() or 0
    version = ProductVersion.objects.create(
        product=product,
        version=last + 1,
        criteria=criteria,
        source_texts=texts,
        drafted_by_id=actor.user_id,
        drafted_by_name=actor.name,
        created_at=now,
        updated_at=now,
        **_columns(terms),
    )
    audit.record(
        actor=actor,
        verb="products.draft_version",
        target=version,
        now=now,
        after={"terms": asdict(terms), "criteria": criteria},
    )
    return version
