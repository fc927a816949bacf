"""Merge one record into another: all it has belongs to the one that stays, its history to itself."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.enterprises.belongings import collisions, hold_belongings
from services.intake.enterprises.errors import INTO_UNKNOWN, MERGE_BOTH_MEMBERS, MERGE_CONFLICT, NOTHING_CHANGES
from services.intake.enterprises.ledger import Alteration, make
from services.intake.enterprises.queries import change_shown
from services.intake.enterprises.records import codes_of, hold
from services.intake.enterprises.schemas import ChangeOut, MergeIn
from services.intake.enterprises.states import CodeState, State, code_state
from shared import calendar
from shared.errors import Problem, Violation
from shared.models.base import new_id
from shared.models.intake import Application, Enterprise, EnterpriseCode
from shared.models.reads import pools_of_both
from shared.security.actor import Actor


async def merge(session: AsyncSession, actor: Actor, uscc: str, merge_in: MergeIn) -> ChangeOut:
    """Merge the record with this code into the one with the code `into`.

    Problem `merge_conflict` naming each cycle, period, incident, listing and file that both have, `merge_both_members` naming each pool that both
    were in at once, `into_unknown`, `nothing_changes` for a record and itself.
    """
    if uscc == merge_in.into:
        raise Problem(NOTHING_CHANGES)
    await _refuse_unknown(session, merge_in.into)
    record, survivor = await hold(session, uscc, merge_in.into)
    codes = [code_state(row) for row in await codes_of(session, record.id)]
    await _refuse_collisions(session, record, survivor)
    await _refuse_twice_members(session, codes, survivor)
    applications = await _applications(session, record)
    belongings = await hold_belongings(session, record.id)
    id_, since = new_id(), calendar.now()
    alteration = Alteration(
        id_,
        "merge",
        record,
        State(codes=codes, applications=applications, belongings=belongings),
        State(
            merged_into=survivor.id,
            codes=[
                CodeState(
                    code=row.code,
                    scheme=row.scheme,
                    enterprise_id=survivor.id,
                    kind="merged",
                    since=since,
                    change_id=id_,
                )
                for row in codes
            ],
            applications=applications,
            belongings=belongings,
        ),
    )
    return await change_shown(session, actor, await make(session, actor, alteration, merge_in))


async def _refuse_unknown(session: AsyncSession, into: str) -> None:
    if (await session.execute(select(EnterpriseCode).where(EnterpriseCode.code == into))).first() is None:
        violation = Violation(INTO_UNKNOWN.code, INTO_UNKNOWN.title_zh, INTO_UNKNOWN.title_en, pointer="/into")
        raise Problem(INTO_UNKNOWN, violations=[violation])


async def _refuse_collisions(session: AsyncSession, record: Enterprise, survivor: Enterprise) -> None:
    english, chinese = await collisions(session, record.id, survivor.id)
    if english:
        raise Problem(MERGE_CONFLICT, detail_en=english, detail_zh=chinese)


async def _refuse_twice_members(session: AsyncSession, codes: list[CodeState], survivor: Enterprise) -> None:
    theirs = [row.code for row in await codes_of(session, survivor.id)]
    if pools := ", ".join(await pools_of_both(session, [row.code for row in codes], theirs)):
        raise Problem(MERGE_BOTH_MEMBERS, detail_en=pools, detail_zh=pools)


async def _applications(session: AsyncSession, record: Enterprise) -> dict[uuid.UUID, int]:
    # Held until the end: nobody decides on an application while it changes hands.
    statement = (
        select(Application.id, Application.revision)
        .where(Application.enterprise_id == record.id)
        .order_by(Application.id)
        .with_for_update()
    )
    return {row.id: row.revision for row in await session.execute(statement)}
