"""Allege data falsification where a spot check found that an enterprise had told something else (二(六)12(3), 四(三))."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.applications.who_acted import body_of
from services.intake.enterprises.queries import by_code
from services.intake.incidents.lifecycle import allege
from services.intake.incidents.schemas import IncidentIn, SourceDocument
from shared.events import SpotCheckContradicted
from shared.models.intake import Incident, IncidentStep
from shared.security.actor import Actor

_KIND = "data_falsification"


async def allege_contradiction(session: AsyncSession, event: SpotCheckContradicted) -> None:
    """Allege it as the checker, on the finding; once per finding, and not beside an open one of the same day.

    Whether it was falsified is for somebody else to confirm: until then it does not count.
    """
    if await _on_record(session, event.uscc, event.checked_on, event.digest):
        return
    # The finding was within the checker's reach when it was recorded, wherever the enterprise has moved since.
    checker = Actor(event.found_by, event.role, frozenset())
    await allege(session, checker, _incident(event))


async def _on_record(session: AsyncSession, uscc: str, day: date, digest: str) -> bool:
    rests_on: list[uuid.UUID] = list(
        (
            await session.execute(
                select(IncidentStep.incident_id).where(IncidentStep.document["digest"].astext == digest)
            )
        ).scalars()
    )
    is_open = (Incident.occurred_on == day) & Incident.status.in_(("alleged", "confirmed"))
    statement = select(Incident.id).where(
        Incident.enterprise_id.in_(by_code(uscc)),
        Incident.kind == _KIND,
        or_(is_open, Incident.id.in_(rests_on)),
    )
    return (await session.execute(statement.limit(1))).first() is not None


def _incident(event: SpotCheckContradicted) -> IncidentIn:
    return IncidentIn(
        uscc=event.uscc,
        kind=_KIND,
        occurred_on=event.checked_on,
        reason=f"核查抽查{event.number}发现申报情况与实际不符：{event.summary}"[:2000],
        document=SourceDocument(
            title=f"核查抽查{event.number}核查记录",
            issuer=body_of(event.role, event.city_code or ""),
            number=event.document,
            issued_on=event.checked_on,
            digest=event.digest,
        ),
    )
