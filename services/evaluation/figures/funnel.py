"""The funnel of a cycle: what became of its applications, by stage and city."""

from __future__ import annotations

from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.queries import cycle_or_refuse
from services.evaluation.figures.asking import Asked, LazyRows
from services.evaluation.figures.catalogue import FIGURES
from services.evaluation.figures.schemas import RowsLink
from shared.models.reads import STAGE_STATUSES, Cell, funnel_rows
from shared.security.actor import Actor

_TITLES = {
    "draft": "草稿",
    "submitted": "已提交，待市州审核",
    "returned": "退回补正",
    "recommended": "市州已推荐",
    "not_recommended": "不予推荐",
    "withdrawn": "已撤回",
    "judged": "已评判",
    "admitted": "已入库",
}


async def funnel(session: AsyncSession, actor: Actor, cycle: str) -> tuple[Asked, LazyRows]:
    """The funnel within reach (二(六)10、11); Problem `cycle_not_found`."""
    pinned = await cycle_or_refuse(session, cycle)

    def elsewhere(stage: str, city: str | None) -> RowsLink | None:
        statuses = STAGE_STATUSES.get(stage, ())
        if len(statuses) != 1:
            return None
        query = {"cycle": cycle, "status": statuses[0]} | ({} if city is None else {"city": city})
        return RowsLink(service="intake", href=f"/v1/applications?{urlencode(query)}")

    asked = Asked(
        FIGURES["funnel"],
        actor.city_code,
        "stage",
        None,
        {"cycle": cycle},
        always=tuple(_TITLES),
        title_of=_title,
        elsewhere=elsewhere,
    )
    return asked, lambda: funnel_rows(pinned.id, actor.city_code)


def _title(stage: str, _: Cell | None) -> str:
    return _TITLES.get(stage, stage)
