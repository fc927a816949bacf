"""What is due on the coming days, by kind: rows within a city's reach, or (None) the province's."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, func, union_all

from shared.models.evaluation import AdjustmentPlan, ExitNotice, PublicNotice, SelectionPlan
from shared.models.intake import Application, Cycle, ReportingPeriod
from shared.models.reads.figure_rows import FigureRows, RowWords, figure_rows
from shared.models.reads.figures import days_from, local_day, tagged_by, within


def deadline_rows(today: date, days: int, city: str | None) -> FigureRows:
    """What is due on one of `days` days, `today` the first; plans are the province's alone."""
    first, behind = days_from(today, days)
    last = today + timedelta(days=days - 1)

    def at(kind: str, table: Any, moment: Any, **words: Any) -> Select[*tuple[Any, ...]]:
        row = RowWords(
            tagged_by(_local_day_text(moment), tagged_by(kind, table.id)), kind, day=local_day(moment), **words
        )
        return figure_rows(row).select_from(table).where(moment >= first, moment < behind)

    def on(kind: str, table: Any, day: Any, **words: Any) -> Select[*tuple[Any, ...]]:
        row = RowWords(tagged_by(day, tagged_by(kind, table.id)), kind, day=day, **words)
        return figure_rows(row).select_from(table).where(day.between(today, last))

    found = [
        at("cycle_opens", Cycle, Cycle.opens_at, title=Cycle.code),
        at("cycle_closes", Cycle, Cycle.closes_at, title=Cycle.code),
        at(
            "correction_due",
            Application,
            Application.correct_until,
            city=Application.city_code,
            enterprise_id=Application.enterprise_id,
        ).where(Application.status == "returned", within(Application.city_code, city)),
        at("reports_due", ReportingPeriod, ReportingPeriod.closes_at, title=ReportingPeriod.code),
        on("notice_ends", PublicNotice, PublicNotice.ends_on, title=PublicNotice.number).where(
            PublicNotice.ended_at.is_(None)
        ),
        on("appeals_end", PublicNotice, PublicNotice.appeals_until, title=PublicNotice.number),
        on("exit_reply_due", ExitNotice, ExitNotice.reply_until, city=ExitNotice.city_code, code=ExitNotice.uscc).where(
            ExitNotice.decision.is_(None), ExitNotice.reply.is_(None), within(ExitNotice.city_code, city)
        ),
    ]
    if city is None:
        found += [
            on(kind, plan, plan.valid_until).where(plan.status != "committed")
            for kind, plan in (("plan_expires", SelectionPlan), ("adjustment_expires", AdjustmentPlan))
        ]
    return union_all(*found)


def _local_day_text(moment: Any) -> Any:
    """The calendar date in China at a moment as `2024-06-06`, in SQL."""
    return func.to_char(local_day(moment), "YYYY-MM-DD")
