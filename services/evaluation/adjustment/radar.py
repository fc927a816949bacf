"""停滞预警: who has been without progress for 12, 18 or 21 months, and what would count as progress for them."""

from __future__ import annotations

from datetime import date

import polars as pl

from services.evaluation.adjustment.graduation_words import MemberRow
from services.evaluation.adjustment.members import checked_members
from services.evaluation.adjustment.progress import Figures, would_count
from services.evaluation.adjustment.rules import Rules
from services.evaluation.adjustment.terms import term_columns


def stalled(rules: Rules, members: pl.DataFrame, on: date) -> pl.DataFrame:
    """Members at one of the reminders' months, longest first: membership_id, months, since, term_ends_on, overdue, known.

    `months` is the last reminder reached: on the day that many months after `since`. `overdue`: the term has run out,
    and a plan decides. Not `known`: progress may have been made that is not on record. Raises FactError.
    """
    reached = pl.lit(None, dtype=pl.Int64)
    for reminder in rules.radar.reminders:
        at = pl.col("since").dt.offset_by(f"{reminder.months}mo") <= on
        reached = pl.when(at).then(pl.lit(reminder.months, dtype=pl.Int64)).otherwise(reached)
    return (
        checked_members(members, on)
        .with_columns(**term_columns(rules))
        .with_columns(months=reached, overdue=pl.col("term_ends_on") < on, known=pl.col("progress_known"))
        .filter(pl.col("months").is_not_null() & ~pl.col("excused"))
        .sort("since", "membership_id")
        .select("membership_id", "months", "since", "term_ends_on", "overdue", "known")
    )


def advice(rules: Rules, member_row: MemberRow) -> list[str]:
    """What would count as progress for one member, in Chinese, with its latest figures."""
    latest = Figures(
        industrialised=member_row["latest_industrialised"],
        valid=member_row["latest_valid"],
        intensive_products=None,
        product_sales=member_row["latest_sales"],
    )
    return would_count(rules, latest)
