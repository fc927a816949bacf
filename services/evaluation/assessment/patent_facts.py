"""Facts of an enterprise's patents (附件4, 附件5): how many are valid and industrialised, and the main product's."""

from __future__ import annotations

from datetime import date

import polars as pl

from services.evaluation.assessment.snapshots import known

# Those of which the enterprise is the patentee; a licensed patent is at its disposal but not its own.
OWNED_SOURCES = ("own_rd", "assigned")
SOURCES = (*OWNED_SOURCES, "licensed")


def valid_patents(assessed_on: date) -> pl.Expr:
    """Int64 count over the list column `patents`: owned, and valid on the date."""
    return _count(_owned(assessed_on))


def industrialised_patents(assessed_on: date) -> pl.Expr:
    """Int64 count over the list column `patents`: valid, owned, industrialised and linked to a product."""
    return _count(_owned(assessed_on) & _industrialised())


def valid_invention_patents(assessed_on: date) -> pl.Expr:
    """Int64 count over the list column `patents`: those of `valid_patents` that are inventions (发明专利)."""
    return _count(_owned(assessed_on) & _is_invention())


def industrialised_invention_patents(assessed_on: date) -> pl.Expr:
    """Int64 count over the list column `patents`: those of `industrialised_patents` that are inventions."""
    return _count(_owned(assessed_on) & _industrialised() & _is_invention())


def main_product_filed(assessed_on: date) -> pl.Expr:
    """Whether a main product in the list column `products` was filed (专利产品备案) by the date.

    Neither number nor date of a filing says that there is none; one without the other is unknown.
    """
    product = pl.element().struct
    number, filed_on = product.field("filing_no"), product.field("filed_on")
    unfiled = number.is_null() & filed_on.is_null()
    filed = pl.when(unfiled).then(False).otherwise(known(number) & (filed_on <= assessed_on))
    return pl.col("products").list.agg((product.field("is_main") & filed).any(ignore_nulls=False))


def with_core_patent(snapshots: pl.DataFrame, assessed_on: date) -> pl.DataFrame:
    """`snapshots` with a Boolean column `core_patent_on_main_product`, its rows in the same order.

    True when a valid patent, own or licensed, is linked to a main product by name.
    """
    valid = _valid(pl.col("legal_status"), pl.col("granted_on"), assessed_on)
    usable = valid & pl.col("source").is_in(SOURCES)
    core = (
        _links(snapshots)
        .join(_main_products(snapshots), on=["row", "name"], how="left")
        .group_by("row")
        .agg(any_link=(usable & _on_main_product()).any(ignore_nulls=False), linked=True)
    )
    # No links at all: false where the patents were listed, unknown where they were not.
    found = pl.when("linked").then("any_link").when(pl.col("patents").is_not_null()).then(False)
    joined = snapshots.join(core, on="row", how="left", maintain_order="left")
    return joined.select(*snapshots.columns, core_patent_on_main_product=found)


def _valid(legal_status: pl.Expr, granted_on: pl.Expr, assessed_on: date) -> pl.Expr:
    """Valid on the date: one granted later was not, whatever it is today."""
    return (legal_status == "valid") & (granted_on <= assessed_on)


def _owned(assessed_on: date) -> pl.Expr:
    patent = pl.element().struct
    valid = _valid(patent.field("legal_status"), patent.field("granted_on"), assessed_on)
    return valid & patent.field("source").is_in(OWNED_SOURCES)


def _industrialised() -> pl.Expr:
    patent = pl.element().struct
    return patent.field("industrialised") & patent.field("product_names").list.agg(
        known(pl.element()).any(ignore_nulls=False)
    )


def _is_invention() -> pl.Expr:
    return pl.element().struct.field("kind") == "invention"


def _count(belongs: pl.Expr) -> pl.Expr:
    """How many patents belong; null where for any of them it cannot be told."""
    count = pl.when(belongs.is_not_null().all()).then(belongs.sum().cast(pl.Int64))
    return pl.col("patents").list.agg(count)


def _entries(snapshots: pl.DataFrame, column: str, *others: str) -> pl.DataFrame:
    """One row per entry of a list column, with the row it came from."""
    listed = snapshots.select("row", column, *others)
    return listed.explode(column, empty_as_null=False, keep_nulls=False).unnest(column)


def _links(snapshots: pl.DataFrame) -> pl.DataFrame:
    """One row per patent and name of a linked product; a patent whose links are unknown has one without a name.

    `any_main` and `unnamed_main`: whether the enterprise has, or may have, a main product, and one without a name.
    """
    product = pl.element().struct
    main = product.field("is_main").fill_null(value=True)
    unnamed = main & product.field("name").is_null()
    marked = snapshots.with_columns(
        any_main=pl.col("products").list.agg(main.any()),
        # Products that were not listed at all have no known names either.
        unnamed_main=pl.col("products").list.agg(unnamed.any()).fill_null(value=True),
    )
    patents = _entries(marked, "patents", "any_main", "unnamed_main").rename({"product_names": "name"})
    return patents.explode("name", empty_as_null=False, keep_nulls=True)


def _main_products(snapshots: pl.DataFrame) -> pl.DataFrame:
    """Named products that are, or may be, main ones: `certain` is True or null."""
    candidates = _entries(snapshots, "products").filter(
        pl.col("is_main").fill_null(value=True) & pl.col("name").is_not_null()
    )
    return candidates.group_by("row", "name").agg(certain=pl.col("is_main").any(ignore_nulls=False), listed=True)


def _on_main_product() -> pl.Expr:
    """Whether a link leads to a main product; null where a missing name could make it so."""
    could = pl.col("unnamed_main") | (pl.col("name").is_null() & pl.col("any_main"))
    return pl.when("listed").then("certain").when(could.not_()).then(False)
