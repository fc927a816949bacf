"""Which qualifications (附件2) are in force, and whether a research agreement (附件7) is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from shared.reference.qualifications import qualification_types

QUALIFICATIONS = (
    "sme_specialised",
    "little_giant_national",
    "high_tech",
    "ip_advantage",
    "ip_demonstration",
    "industrial_ip_pilot",
)


def qualification_facts(assessed_on: date) -> Mapping[str, pl.Expr]:
    """Boolean expressions over the list column `qualifications`, by fact.

    In force from the date of issue to the date of expiry, both included. Where no expiry is given the period is the
    type's usual one; where that is not known either, it is taken as unlimited. No date of issue is unknown.
    """
    return {f"qualification_{key}": _held(key, assessed_on) for key in QUALIFICATIONS}


def collaboration_active(assessed_on: date) -> pl.Expr:
    """Whether an agreement in the list column `collaborations` covers the date."""
    entry = pl.element().struct
    covers = (entry.field("agreement_from") <= assessed_on) & (entry.field("agreement_to") >= assessed_on)
    return pl.col("collaborations").list.agg(covers.any(ignore_nulls=False))


def _held(key: str, assessed_on: date) -> pl.Expr:
    entry = pl.element().struct
    in_force = (entry.field("issued_on") <= assessed_on) & _not_expired(key, assessed_on)
    return pl.col("qualifications").list.agg(((entry.field("type") == key) & in_force).any(ignore_nulls=False))


def _not_expired(key: str, assessed_on: date) -> pl.Expr:
    entry = pl.element().struct
    years = qualification_types()[key].validity_years
    # Issued on 1 November 2022 for three years: 31 October 2025 is the last day.
    usual = pl.lit(value=True) if years is None else entry.field("issued_on") > _years_before(assessed_on, years)
    given = entry.field("expires_on")
    return pl.when(given.is_null()).then(usual).otherwise(given >= assessed_on)


def _years_before(day: date, years: int) -> date:
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - years, day=28 if leap_day else day.day)
