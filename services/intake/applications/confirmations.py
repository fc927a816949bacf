"""Which sections of an application a city's recommendation has confirmed, and in which revision."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import delete, func, literal, select
from sqlalchemy.dialects.postgresql import array, insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.models.intake import Application, SectionConfirmation
from shared.models.intake.applications import APPLICATION_SECTIONS


async def confirm_open_sections(
    session: AsyncSession, application_ids: Sequence[uuid.UUID], by: str
) -> dict[uuid.UUID, list[str]]:
    """Confirm what nobody has confirmed yet, in each application's revision; what stands, stands.

    Returns the newly confirmed sections by application, in the order of the form.
    """
    section = func.unnest(array(APPLICATION_SECTIONS))
    rows = select(Application.id, section, Application.revision, literal(by)).where(Application.id.in_(application_ids))
    statement = (
        insert(SectionConfirmation)
        .from_select(["application_id", "section", "revision", "confirmed_by"], rows)
        .on_conflict_do_nothing()
        .returning(SectionConfirmation.application_id, SectionConfirmation.section)
    )
    confirmed: dict[uuid.UUID, list[str]] = defaultdict(list)
    for application_id, name in await session.execute(statement):
        confirmed[application_id].append(name)
    return {id_: sorted(names, key=APPLICATION_SECTIONS.index) for id_, names in confirmed.items()}


async def drop_confirmations(session: AsyncSession, application_id: uuid.UUID, sections: Collection[str]) -> None:
    """What is to be corrected is confirmed anew; who confirmed it before stays in the audit trail."""
    statement = delete(SectionConfirmation).where(
        SectionConfirmation.application_id == application_id, SectionConfirmation.section.in_(sections)
    )
    await session.execute(statement)


async def confirmations_of(
    session: AsyncSession, application_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, dict[str, SectionConfirmation]]:
    """Standing confirmations by application and section."""
    statement = select(SectionConfirmation).where(SectionConfirmation.application_id.in_(application_ids))
    found: dict[uuid.UUID, dict[str, SectionConfirmation]] = defaultdict(dict)
    for row in (await session.execute(statement)).scalars():
        found[row.application_id][row.section] = row
    return found
