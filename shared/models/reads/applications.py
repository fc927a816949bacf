"""Applications and their snapshots, as evaluation takes them in."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, Select, Text, Uuid, any_, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.models.intake import Application, ApplicationSnapshot, Cycle, Enterprise, EnterpriseCode

# A city has recommended it, whether or not evaluation has taken it in yet.
_STANDING = ("recommended", "passed_on")


@dataclass(frozen=True, slots=True)
class RecommendedSnapshot:
    """What evaluation needs of a recommended application; `payload` is the snapshot's JSON text."""

    application_id: uuid.UUID
    snapshot_id: uuid.UUID
    snapshot_digest: str
    payload: str
    cycle_id: uuid.UUID
    city_code: str
    uscc: str
    rulebook_digest: str
    assessed_on: date
    submitted_at: datetime


async def recommended_snapshots(session: AsyncSession, application_ids: list[uuid.UUID]) -> list[RecommendedSnapshot]:
    """The newest snapshots of those applications that are recommended or passed on now, by application id."""
    statement = (
        select(
            Application.id,
            ApplicationSnapshot.id,
            ApplicationSnapshot.digest,
            cast(ApplicationSnapshot.payload, Text),
            Application.cycle_id,
            Application.city_code,
            Enterprise.uscc,
            Cycle.rulebook_digest,
            Cycle.assessed_on,
            ApplicationSnapshot.created_at,
        )
        .join(Enterprise, Enterprise.id == Application.enterprise_id)
        .join(Cycle, Cycle.id == Application.cycle_id)
        .join(
            ApplicationSnapshot,
            (ApplicationSnapshot.application_id == Application.id)
            & (ApplicationSnapshot.revision == Application.revision),
        )
        .where(Application.id.in_(application_ids), Application.status.in_(_STANDING))
        .order_by(Application.id)
    )
    return [RecommendedSnapshot(*row) for row in await session.execute(statement)]


@dataclass(frozen=True, slots=True)
class ApplicationOfEnterprise:
    id: uuid.UUID
    cycle_id: uuid.UUID
    uscc: str


async def applications_on_record(
    session: AsyncSession, *, ids: Collection[uuid.UUID] = (), standing_of: Collection[str] = ()
) -> list[ApplicationOfEnterprise]:
    """Applications with these ids, and those that a city stands by of enterprises known by these codes; by id."""
    enterprises = select(EnterpriseCode.enterprise_id).where(
        EnterpriseCode.code == any_(cast(list(standing_of), ARRAY(Text)))
    )
    of_enterprises = Application.enterprise_id.in_(enterprises) & Application.status.in_(_STANDING)
    statement = (
        select(Application.id, Application.cycle_id, Enterprise.uscc)
        .join(Enterprise, Enterprise.id == Application.enterprise_id)
        .where(or_(Application.id == any_(cast(list(ids), ARRAY(Uuid))), of_enterprises))
        .order_by(Application.id)
    )
    return [ApplicationOfEnterprise(*row) for row in await session.execute(statement)]


def standing_snapshots(cycle_id: uuid.UUID) -> Select[uuid.UUID]:
    """Ids of what a selection may choose from: the newest snapshots of a cycle's applications that a city stands by."""
    return (
        select(ApplicationSnapshot.id)
        .join(Application, Application.id == ApplicationSnapshot.application_id)
        .where(
            Application.cycle_id == cycle_id,
            Application.status.in_(_STANDING),
            ApplicationSnapshot.revision == Application.revision,
        )
    )


async def recommenders(session: AsyncSession, application_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Who recommended each of these applications, where a city has decided."""
    statement = select(Application.id, Application.decided_by).where(
        Application.id.in_(application_ids), Application.decided_by.is_not(None)
    )
    return {id_: str(by) for id_, by in (await session.execute(statement)).all()}


async def snapshot_forms(session: AsyncSession, snapshot_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[str, Any]]:
    """What these snapshots say, by snapshot id."""
    statement = select(ApplicationSnapshot.id, ApplicationSnapshot.payload).where(
        ApplicationSnapshot.id.in_(snapshot_ids)
    )
    return {row.id: row.payload for row in await session.execute(statement)}
