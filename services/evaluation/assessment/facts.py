"""Derives the catalogued facts from application snapshots: what is missing stays unknown, never zero or no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from services.evaluation.assessment.patent_facts import (
    industrialised_invention_patents,
    industrialised_patents,
    main_product_filed,
    valid_invention_patents,
    valid_patents,
    with_core_patent,
)
from services.evaluation.assessment.patent_intensive import patent_intensive
from services.evaluation.assessment.qualification_facts import collaboration_active, qualification_facts
from services.evaluation.assessment.sme_size import with_size_class
from services.evaluation.assessment.snapshots import known, snapshot_frame
from shared.reference.divisions import divisions

# A snapshot is hundreds of times larger than its facts: only a batch of them is held at a time.
_BATCH_ROWS = 4096


def facts_frame(payloads: Sequence[str] | pl.Series, assessed_on: date) -> pl.DataFrame:
    """One row per snapshot text, in order, with one column per fact of the catalogue, in its order.

    Boolean, String, Int64 counts and Int64 分, by three-valued logic throughout: null is unknown. A list that is null
    was not answered; an empty one says that there are none. Errors as `snapshot_frame`.
    """
    starts = range(0, max(len(payloads), 1), _BATCH_ROWS)
    return pl.concat(_facts_of(payloads[start : start + _BATCH_ROWS], assessed_on) for start in starts)


def _facts_of(payloads: Sequence[str] | pl.Series, assessed_on: date) -> pl.DataFrame:
    snapshots = with_size_class(with_core_patent(snapshot_frame(payloads), assessed_on))
    return snapshots.select(**_facts(assessed_on))


def _facts(assessed_on: date) -> Mapping[str, pl.Expr]:
    return {
        "registered_in_province": pl.col("registered_division").is_in(_counties()),
        "legal_person": pl.col("legal_person"),
        "size_class": pl.col("size_class"),
        "patent_intensive": patent_intensive(pl.col("industry_class")),
        **qualification_facts(assessed_on),
        "core_patent_on_main_product": pl.col("core_patent_on_main_product"),
        "main_product_filed": main_product_filed(assessed_on),
        "valid_patents": valid_patents(assessed_on),
        "industrialised_patents": industrialised_patents(assessed_on),
        **_as_declared(assessed_on),
        "rd_leader_named": known(pl.col("rd_leader")),
        "collaboration_active": collaboration_active(assessed_on),
        "own_brand": pl.col("trademark_nos").list.agg(known(pl.element()).any(ignore_nulls=False)),
        **_management_and_declarations(),
        "valid_invention_patents": valid_invention_patents(assessed_on),
        "industrialised_invention_patents": industrialised_invention_patents(assessed_on),
    }


def _counties() -> list[str]:
    return [one.code for one in divisions().values() if one.is_county]


def _as_declared(assessed_on: date) -> Mapping[str, pl.Expr]:
    # 上年度 is the year before the assessment's; another year's figures, or an unnamed year's, answer nothing.
    last_year = pl.col("fiscal_year") == assessed_on.year - 1
    yearly = {name: pl.when(last_year).then(pl.col(name)) for name in ("revenue_cny", "rd_expense_cny")}
    return {**yearly, "employees": pl.col("employees"), "rd_staff": pl.col("rd_staff")}


def _management_and_declarations() -> Mapping[str, pl.Expr]:
    return {
        "ip_policy": pl.col("has_policy"),
        "ip_unit": pl.col("has_unit"),
        "ip_staff": pl.col("ip_staff"),
        "ip_budget": pl.col("has_budget"),
        "abnormal_filing": pl.col("no_abnormal_filing").not_(),
        "major_accident": pl.col("no_major_accident").not_(),
        "violation": pl.col("no_violation").not_(),
        "serious_dishonesty": pl.col("no_serious_dishonesty").not_(),
    }
