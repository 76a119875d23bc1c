"""Telling data from what spreadsheets put around it: blank rows, titles, headers, subtotals, notes (design §5)."""

import re
from collections.abc import Collection
from typing import Final

import polars as pl

from apps.records.catalogue import CODE, ItemSpec
from apps.records.reading import ABOVE, TEXT

NOT_DATA: Final = "not_data"

_PLACE: Final = "place"
_PLAIN_CODE: Final = r"^[0-9A-Z]{18}$"
_SPACES: Final = r"[\s\p{Z}]+"
_SUBTOTAL: Final = r"^(?:本[页月表期季年]|分)?(?:合计|小计|总计|累计|共计)[:：]?$"
_NOTE: Final = (
    r"^(?:注|备注|说明|附注|填报单位|报送单位|填报人|填表人|制表人|制表单位|审核人|经办人|负责人|填报日期|报送日期|制表日期|统计日期|数据来源|单位)"
    r"[0-9一二三]*[:：.、]"
)


def sift(block: pl.DataFrame, item: ItemSpec, titles: Collection[str]) -> pl.DataFrame:
    """The block with a column `not_data`: the kind of row that is not data, null for data.

    `titles` are the squeezed texts of the rows above the header, which spreadsheets repeat on every page.
    """
    # A row below the header that has a code is data; only the few others are looked at closely.
    surely = block.select((pl.col(CODE).str.contains(_PLAIN_CODE) & ~pl.col(ABOVE)).fill_null(False)).to_series()
    if surely.all():
        return block.with_columns(pl.lit(None, pl.String).alias(NOT_DATA))
    block = block.with_row_index(_PLACE)
    others = block.filter(~surely)
    kinds = others.select(_PLACE, _kind(item, others.columns, titles).alias(NOT_DATA))
    return block.join(kinds, on=_PLACE, how="left", maintain_order="left").drop(_PLACE)


def _kind(item: ItemSpec, columns: Collection[str], titles: Collection[str]) -> pl.Expr:
    names = [spec.name for spec in item.fields if spec.name in columns]
    squeezed = [pl.col(name).str.replace_all(_SPACES, "") for name in names]
    filled = pl.sum_horizontal((cell.fill_null("") != "").cast(pl.Int32) for cell in squeezed)
    is_label = [cell.str.to_uppercase().is_in(_labels(item, name)) for cell, name in zip(squeezed, names, strict=True)]
    labels = pl.sum_horizontal(cell.fill_null(False).cast(pl.Int32) for cell in is_label)
    code = squeezed[names.index(CODE)].fill_null("")
    no_code = (code == "") | code.str.contains(_SUBTOTAL)
    subtotal = pl.any_horizontal(cell.str.contains(_SUBTOTAL).fill_null(False) for cell in squeezed)
    whole = pl.col(TEXT).str.replace_all(r'["\s\p{Z},;]+', "")
    return (
        pl.when(whole == "")
        .then(pl.lit("blank"))
        .when((filled >= 2) & (labels * 2 > filled))
        .then(pl.lit("header"))
        .when(no_code & subtotal)
        .then(pl.lit("subtotal"))
        .when((filled <= 1) & whole.str.contains(_NOTE))
        .then(pl.lit("note"))
        .when(pl.col(ABOVE) | ((filled <= 1) & whole.is_in(list(titles))))
        .then(pl.lit("title"))
    )


def squeeze(text: str) -> str:
    """A row's text as `sift` compares titles."""
    return re.sub(r'["\s,;]+', "", text)


def _labels(item: ItemSpec, name: str) -> list[str]:
    return [label for label in item.field(name).labels] + [re.sub(r"\s", "", item.field(name).label).upper()]
