"""What is announced to the national system: recommendations (推荐入库) and changes of the pool."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.national.deliveries import queue, wake
from services.intake.national.wire import DeliveryKind
from shared.calendar import iso_utc
from shared.models.identity import ApiClient
from shared.models.intake import Application, ApplicationSnapshot, Cycle, Enterprise, NationalFiling
from shared.models.reads import admitted_by_plan, ended_by_plan
from shared.settings import Settings


async def announce_recommendations(
    session: AsyncSession, settings: Settings, application_ids: Sequence[uuid.UUID]
) -> int:
    """A delivery per revision that is recommended now, except where they told us so themselves; how many are new."""
    statement = (
        select(
            Application.id,
            Application.revision,
            Application.city_code,
            Application.decided_at,
            ApplicationSnapshot.digest,
            Enterprise.uscc,
            Enterprise.name,
            Enterprise.division_code,
            Cycle.code,
            NationalFiling.record_id,
        )
        .join(Enterprise, Enterprise.id == Application.enterprise_id)
        .join(Cycle, Cycle.id == Application.cycle_id)
        .join(
            ApplicationSnapshot,
            (ApplicationSnapshot.application_id == Application.id)
            & (ApplicationSnapshot.revision == Application.revision),
        )
        .outerjoin(NationalFiling, NationalFiling.application_id == Application.id)
        .where(
            Application.id.in_(application_ids),
            # Evaluation may have taken it in before this was handled.
            Application.status.in_(("recommended", "passed_on")),
            # Nobody needs to hear what they have said themselves.
            Application.decided_by.not_in(select(ApiClient.client_id).where(ApiClient.role == "national_system")),
        )
    )
    contents = {
        f"recommendation:{row.id}:{row.revision}": {
            "application_id": str(row.id),
            "revision": row.revision,
            "application_record_id": row.record_id,
            "cycle": row.code,
            "uscc": row.uscc,
            "name": row.name,
            "registered_division": row.division_code,
            "city_code": row.city_code,
            "form_digest": row.digest,
            "recommended_at": iso_utc(row.decided_at),
        }
        for row in await session.execute(statement)
    }
    return await _queue(session, settings, "recommendation", contents)


async def announce_pool_changes(session: AsyncSession, settings: Settings, plan_id: uuid.UUID) -> int:
    """A delivery per enterprise that a committed plan let in or out; how many are new."""
    contents = await _admissions(session, plan_id) | await _departures(session, plan_id)
    return await _queue(session, settings, "pool_change", contents)


async def _admissions(session: AsyncSession, plan_id: uuid.UUID) -> dict[str, dict[str, Any]]:
    return {
        # By the code of the day: whoever changed it since is told of once all the same.
        f"pool:{plan_id}:{one.admitted_as}": {
            "change": "admitted",
            "pool": one.pool_code,
            "uscc": one.uscc,
            "name": one.name,
            "city_code": one.city_code,
            "since": one.member_since.isoformat(),
            "plan_id": str(plan_id),
        }
        for one in await admitted_by_plan(session, plan_id)
    }


async def _departures(session: AsyncSession, plan_id: uuid.UUID) -> dict[str, dict[str, Any]]:
    return {
        f"pool:{plan_id}:{one.admitted_as}": {
            "change": "graduated" if one.reason == "graduated" else "exited",
            "pool": one.pool_code,
            "uscc": one.uscc,
            "name": one.name,
            "city_code": one.city_code,
            "reason": one.reason,
            "until": one.left_on.isoformat(),
            "plan_id": str(plan_id),
        }
        for one in await ended_by_plan(session, plan_id)
    }


async def _queue(
    session: AsyncSession, settings: Settings, kind: DeliveryKind, contents: Mapping[str, dict[str, Any]]
) -> int:
    """Stored whether or not there is a line: what is due waits for one."""
    new = await queue(session, kind, contents)
    if new and settings.national_adapter == "http":
        await wake(session)
    return new
