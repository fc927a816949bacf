"""Rename an enterprise, or move it to another division: what it is called and whose it is."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.enterprises.errors import NOTHING_CHANGES
from services.intake.enterprises.ledger import Alteration, make
from services.intake.enterprises.queries import change_shown
from services.intake.enterprises.records import hold
from services.intake.enterprises.schemas import ChangeOut, RelocateIn, RenameIn
from services.intake.enterprises.states import State
from shared.errors import Problem
from shared.models.base import new_id
from shared.reference.divisions import city_of
from shared.security.actor import Actor


async def rename(session: AsyncSession, actor: Actor, uscc: str, rename_in: RenameIn) -> ChangeOut:
    """Give the enterprise another name; Problem `nothing_changes` where it has it."""
    (record,) = await hold(session, uscc)
    if record.name == rename_in.name:
        raise Problem(NOTHING_CHANGES)
    before, after = State(name=record.name), State(name=rename_in.name)
    change = await make(session, actor, Alteration(new_id(), "rename", record, before, after), rename_in)
    return await change_shown(session, actor, change)


async def relocate(session: AsyncSession, actor: Actor, uscc: str, relocate_in: RelocateIn) -> ChangeOut:
    """Move the enterprise to another division, and so perhaps to another city.

    Applications stay with the city that they were filed in. Problem `nothing_changes` where it is there.
    """
    (record,) = await hold(session, uscc)
    division = relocate_in.registered_division
    if record.division_code == division:
        raise Problem(NOTHING_CHANGES)
    before = State(division_code=record.division_code, city_code=record.city_code)
    after = State(division_code=division, city_code=city_of(division))
    change = await make(session, actor, Alteration(new_id(), "relocation", record, before, after), relocate_in)
    return await change_shown(session, actor, change)
