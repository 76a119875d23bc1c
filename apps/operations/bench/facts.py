"""The invented records in the product's tables, with deliveries behind them, and the same rows in the base tables."""

from datetime import date, datetime

import polars as pl

from apps.accounts.models import Organization
from apps.core.actor import SYSTEM
from apps.core.models import StoredFile
from apps.operations.bench import data
from apps.operations.bench.database import work_here
from apps.profiles import services as profiles
from apps.records.frames import copy_in, yuan
from apps.records.models import CatalogueItem, Delivery, Source

ITEMS = ("registration", "tax_payment", "tax_grade", "social_insurance", "power", "penalty", "dishonest_debtor")
_E4 = 10_000


def source(now: datetime) -> Source:
    """The one body that delivers every item of the bench."""
    organization, _ = Organization.objects.get_or_create(
        kind="department", name="信桥量测报送单位", defaults={"region_code": data.REGION, "created_at": now}
    )
    found, created = Source.objects.get_or_create(organization=organization)
    if created:
        found.items.set(CatalogueItem.objects.filter(code__in=ITEMS))
    return found


def deliver_items(now: datetime) -> dict[str, int]:
    """One applied delivery for every item, so that its absence means what the catalogue says; item code → delivery."""
    stored, _ = StoredFile.objects.get_or_create(
        sha256="0" * 64, defaults={"size_bytes": 0, "name": "bench", "content_type": "text/csv", "created_at": now}
    )
    sender = source(now)
    found = {}
    for item in CatalogueItem.objects.filter(code__in=ITEMS).order_by("code"):
        delivery, _ = Delivery.objects.get_or_create(
            source=sender,
            item=item,
            file=stored,
            state="applied",
            defaults={"file_name": "bench.csv", "received_at": now, "received_from": "bench", "applied_at": now},
        )
        found[item.code] = delivery.pk
    return found


def load_facts(numbered: pl.DataFrame, as_of: date, now: datetime) -> int:
    """Records of the subjects into both sets of tables; returns how many rows."""
    deliveries = deliver_items(now)
    payments, events, holdings = data.payments(numbered, as_of), data.events(numbered, as_of), data.holdings(numbered)
    paid = payments.select(
        "subject_id",
        "item_code",
        "period_on",
        "period_end_on",
        "key_text",
        *(
            yuan(name).alias(name.replace("_fen", "_yuan"))
            for name in ("due_fen", "paid_fen", "arrears_fen", "base_fen")
        ),
        (pl.col("quantity_e4").cast(pl.Decimal(38, 4)) / _E4).alias("quantity"),
        "headcount",
        "due_on",
        "paid_on",
        pl.lit("{}").alias("extra"),
    )
    happened = events.with_columns(yuan("amount_fen").alias("amount_yuan")).drop("amount_fen")
    held = holdings.with_columns(yuan("value_fen").alias("value_yuan")).drop("value_fen")
    texts = pl.lit("").alias("authority"), pl.lit("").alias("title"), pl.lit("{}").alias("extra")
    copy_in("records_paymentrecord", _delivered(paid, deliveries, now))
    copy_in("records_eventrecord", _delivered(happened.with_columns(*texts), deliveries, now))
    copy_in("records_holdingrecord", _delivered(held, deliveries, now))
    copy_in("bench_payment", _delivered(paid, deliveries, now))
    copy_in("bench_event", happened)
    copy_in("bench_holding", held.drop("extra"))
    return payments.height + events.height + holdings.height


def _delivered(rows: pl.DataFrame, deliveries: dict[str, int], now: datetime) -> pl.DataFrame:
    return rows.with_columns(
        pl.col("item_code").replace_strict(deliveries, return_dtype=pl.Int64).alias("delivery_id"),
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row_number"),
        pl.lit(now.isoformat()).alias("recorded_at"),
    )


def portray(numbered: pl.DataFrame, as_of: date, now: datetime) -> None:
    """Portraits of these subjects by the product's own job. Raises BenchFault."""
    ids = numbered["id"].to_list()
    work_here(profiles.refresh_profiles(actor=SYSTEM, business_date=as_of, as_known=now, now=now, subject_ids=ids))
