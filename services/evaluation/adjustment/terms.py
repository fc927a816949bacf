"""The term in which progress must be made (2年内, 二(六)12(3)): since when it runs and when it ends, per member."""

from __future__ import annotations

import polars as pl

from services.evaluation.adjustment.rules import Rules


def term_columns(rules: Rules) -> dict[str, pl.Expr]:
    """`since`, `term_ends_on` (the last day of the term) and `excused` (progress has ended the question) of members.

    A term in months ends on the day of its last month that has the number of its first, or on that month's last day
    (民法典第二百零二条). Progress from before admission does not count.
    """
    if rules.exit.stall_from == "admission":
        since = pl.col("admitted_on")
        excused = (pl.col("progress_on") >= pl.col("admitted_on")).fill_null(value=False)
    else:
        since, excused = pl.max_horizontal("admitted_on", "progress_on"), pl.lit(value=False)
    ends_on = since.dt.offset_by(f"{rules.exit.stall_months}mo")
    return {"since": since, "term_ends_on": ends_on, "excused": excused}


def terms(rules: Rules, members: pl.DataFrame) -> pl.DataFrame:
    """`term_columns` row by row as `members`."""
    return members.select(**term_columns(rules))
