"""The banks' catalogue taken in: drafts for the banks' own people to submit and publish."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from apps.accounts.models import Organization
from apps.core.actor import Actor, Role
from apps.core.errors import NotPermitted
from apps.products import selectors
from apps.products.importing import Fault, Offer, read_catalogue
from apps.products.models import Product, ProductVersion
from apps.products.services.drafting import draft_product, draft_version
from apps.products.workflow import DRAFT, SUBMITTED


@dataclass(frozen=True, slots=True)
class ImportReport:
    """read = not_data + len(drafts) + unchanged + len(rejected)."""

    read: int
    not_data: int
    unchanged: int
    drafts: tuple[ProductVersion, ...]
    rejected: tuple[tuple[Fault, ...], ...]


def import_catalogue(
    *, actor: Actor, content: bytes, organizations: Mapping[str, Organization], business_date: date, now: datetime
) -> ImportReport:
    """Draft every readable row for its bank; the same words again change nothing.

    `organizations` maps the bank's name in the file to its organisation. A row of a bank not in it, or of a product
    whose draft is still open, is rejected with a sentence. Raises UnreadableCatalogue if the file is none.
    """
    if not actor.has(Role.OPERATOR):
        raise NotPermitted("只有平台管理员可以导入产品目录。")
    catalogue = read_catalogue(content, selectors.vocabulary(business_date))
    drafts: list[ProductVersion] = []
    rejected = list(catalogue.rejected)
    unchanged = 0
    with transaction.atomic():
        for offer in catalogue.offers:
            organization = organizations.get(offer.bank_name)
            if organization is None:
                text = f"没有名为“{offer.bank_name}”的入驻金融机构。"
                rejected.append((Fault(offer.row, "银行名称", offer.bank_name, text),))
                continue
            product = Product.objects.filter(organization=organization, name=offer.name).first()
            last = product.versions.order_by("-version").first() if product else None
            if last is not None and _same_words(last, offer):
                unchanged += 1
            elif last is not None and last.state in {DRAFT, SUBMITTED}:
                text = "该产品已有一个草稿或待审核的版本，请先处理它。"
                rejected.append((Fault(offer.row, "产品名称", offer.name, text),))
            else:
                drafts.append(_draft(actor, organization, product, offer, business_date, now))
    rejected.sort(key=lambda faults: faults[0].row)
    return ImportReport(catalogue.read, catalogue.not_data, unchanged, tuple(drafts), tuple(rejected))


def _same_words(version: ProductVersion, offer: Offer) -> bool:
    """The running number of a row is no word of the bank."""
    return {**version.source_texts, "序号": ""} == {**offer.source_texts, "序号": ""}


def _draft(
    actor: Actor, organization: Organization, product: Product | None, offer: Offer, business_date: date, now: datetime
) -> ProductVersion:
    texts = dict(offer.source_texts)
    if product is None:
        return draft_product(
            actor=actor,
            organization=organization,
            name=offer.name,
            terms=offer.terms,
            criteria=offer.criteria,
            source_texts=texts,
            business_date=business_date,
            now=now,
        )
    return draft_version(
        actor=actor,
        product=product,
        terms=offer.terms,
        criteria=offer.criteria,
        source_texts=texts,
        business_date=business_date,
        now=now,
    )
