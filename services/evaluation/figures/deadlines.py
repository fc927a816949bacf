"""What is due on the coming days, and whose reports are overdue."""

from __future__ import annotations

from services.evaluation.figures.asking import Asked, LazyRows
from services.evaluation.figures.catalogue import FIGURES
from services.evaluation.figures.pool import day_asked
from services.evaluation.figures.schemas import RowsLink
from shared.models.reads import Cell, deadline_rows, overdue_rows
from shared.security.actor import Actor

_KINDS = {
    "cycle_opens": "申报开始",
    "cycle_closes": "申报截止",
    "correction_due": "补正到期",
    "reports_due": "进展报告截止",
    "notice_ends": "公示届满",
    "appeals_end": "复核申请截止",
    "exit_reply_due": "退库陈述期届满",
}
_OF_THE_PROVINCE = {"plan_expires": "入选方案有效期届满", "adjustment_expires": "调整方案有效期届满"}


def deadlines(actor: Actor, days: int) -> tuple[Asked, LazyRows]:
    """What is due within reach on so many days, today the first: whole days, so that it changes once a day."""
    today = day_asked(None)
    kinds = _KINDS if actor.city_code is not None else _KINDS | _OF_THE_PROVINCE
    asked = Asked(
        FIGURES["deadlines"],
        actor.city_code,
        "kind",
        today,
        {"days": str(days)},
        always=tuple(kinds),
        title_of=lambda kind, _: kinds[kind],
    )
    return asked, lambda: deadline_rows(today, days, actor.city_code)


def reports_overdue(actor: Actor) -> tuple[Asked, LazyRows]:
    """Who within reach owes a report whose window closed before today (四(三) 跟踪监测)."""
    today = day_asked(None)
    asked = Asked(
        FIGURES["reports_overdue"],
        actor.city_code,
        "period",
        today,
        {},
        title_of=_period_title,
        elsewhere=_outstanding,
    )
    return asked, lambda: overdue_rows(today, actor.city_code)


def _period_title(period: str, cell: Cell | None) -> str:
    return period if cell is None or cell.title is None else cell.title


def _outstanding(period: str, city: str | None) -> RowsLink | None:
    """Intake's list knows the reader's own reach, and no city beside it."""
    return None if city else RowsLink(service="intake", href=f"/v1/reporting-periods/{period}/outstanding")
