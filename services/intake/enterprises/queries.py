"""Reads of enterprises, always within the actor's reach."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import TypeVarTuple, cast

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.intake.enterprises.errors import NOT_ON_RECORD_THEN
from services.intake.enterprises.records import codes_of
from services.intake.enterprises.schemas import (
    AbsorbedOut,
    ChangeKind,
    ChangeOut,
    ChangePage,
    CodeOut,
    EnterpriseDetail,
    EnterpriseOut,
    EnterprisePage,
    FactsOut,
    VersionOut,
)
from services.intake.enterprises.states import State
from shared.errors import NOT_FOUND, Problem
from shared.models.intake import Application, Enterprise, EnterpriseChange, EnterpriseCode, EnterpriseVersion
from shared.security.actor import Actor

Row = TypeVarTuple("Row")
_MOST_CHANGES = 500


def own_records(code: str) -> Select[uuid.UUID]:
    """Ids of the record that an enterprise's token opens: by a former code too, by a merged one nothing."""
    return select(EnterpriseCode.enterprise_id).where(EnterpriseCode.code == code, EnterpriseCode.kind != "merged")


def within_reach(statement: Select[*Row], actor: Actor) -> Select[*Row]:
    """Limit a statement over Enterprise to what the actor may see.

    A city sees what is registered there now and what has applied there; an enterprise sees itself, by a former code
    too, but not by a code that was merged into another enterprise's.
    """
    if actor.uscc is not None:
        statement = statement.where(Enterprise.id.in_(own_records(actor.uscc)))
    if actor.city_code is not None:
        applied = select(Application.enterprise_id).where(Application.city_code == actor.city_code)
        statement = statement.where(or_(Enterprise.city_code == actor.city_code, Enterprise.id.in_(applied)))
    return statement


def by_code(code: str) -> Select[uuid.UUID]:
    """Id of the record that a code stands for now, whichever of its codes it is."""
    return select(EnterpriseCode.enterprise_id).where(EnterpriseCode.code == code.strip().upper().replace("-", ""))


def listed_enterprises(
    actor: Actor, *, city: str | None = None, name: str | None = None, uscc: str | None = None
) -> Select[Enterprise]:
    """Living records in order of id; `name` is part of a present or earlier name, `uscc` any code."""
    statement = select(Enterprise).where(Enterprise.merged_into.is_(None)).order_by(Enterprise.id)
    if city is not None:
        statement = statement.where(Enterprise.city_code == city)
    if name is not None:
        named = select(EnterpriseVersion.enterprise_id).where(EnterpriseVersion.name.contains(name, autoescape=True))
        statement = statement.where(Enterprise.id.in_(named))
    if uscc is not None:
        statement = statement.where(Enterprise.id.in_(by_code(uscc)))
    return within_reach(statement, actor)


async def enterprise_page(
    session: AsyncSession,
    actor: Actor,
    *,
    city: str | None,
    name: str | None,
    uscc: str | None,
    after: uuid.UUID | None,
    limit: int,
) -> EnterprisePage:
    """Up to `limit` living records in order of id, and the cursor of the next page."""
    statement = listed_enterprises(actor, city=city, name=name, uscc=uscc).limit(limit + 1)
    if after is not None:
        statement = statement.where(Enterprise.id > after)
    rows = (await session.execute(statement)).scalars().all()
    items = [_present(row) for row in rows[:limit]]
    return EnterprisePage(items=items, next_cursor=rows[limit - 1].id if len(rows) > limit else None)


async def enterprise_detail(session: AsyncSession, actor: Actor, code: str, *, at: datetime | None) -> EnterpriseDetail:
    """The record that the code stands for, with all of its past; Problem `not_found` or `not_on_record_then`."""
    record = await _record(session, actor, code)
    family = await _family(session, record)
    versions = await _versions(session, family.keys())
    return EnterpriseDetail(
        **_present(record).model_dump(),
        as_of=None if at is None else _as_of(versions, record, code, at),
        codes=[CodeOut.model_validate(row, from_attributes=True) for row in await codes_of(session, record.id)],
        history=[_version(row) for row in versions if row.enterprise_id == record.id],
        absorbed=[
            AbsorbedOut(
                **_present(one).model_dump(), history=[_version(row) for row in versions if row.enterprise_id == one.id]
            )
            for one in family.values()
            if one is not record
        ],
        changes=(await _changes(session, actor, family.keys(), after=None, limit=_MOST_CHANGES)).items,
    )


async def change_page(
    session: AsyncSession, actor: Actor, code: str, *, after: uuid.UUID | None, limit: int
) -> ChangePage:
    """Changes of the record that the code stands for and of those merged into it, oldest first."""
    family = await _family(session, await _record(session, actor, code))
    return await _changes(session, actor, family.keys(), after=after, limit=limit)


async def change_shown(session: AsyncSession, actor: Actor, change: EnterpriseChange) -> ChangeOut:
    """One change, with the codes that its records have now."""
    ids = {change.enterprise_id, change.into_id} - {None}
    rows = await session.execute(select(Enterprise.id, Enterprise.uscc).where(Enterprise.id.in_(ids)))
    return _change(actor, change, {row.id: row.uscc for row in rows})


async def _record(session: AsyncSession, actor: Actor, code: str) -> Enterprise:
    statement = within_reach(select(Enterprise).where(Enterprise.id.in_(by_code(code))), actor)
    record = (await session.execute(statement)).scalar_one_or_none()
    if record is None:
        raise Problem(NOT_FOUND)
    return record


async def _family(session: AsyncSession, record: Enterprise) -> dict[uuid.UUID, Enterprise]:
    """The record and all that it has absorbed, directly or through one that it absorbed."""
    family = select(Enterprise.id).where(Enterprise.id == record.id).cte("family", recursive=True)
    absorbed = aliased(Enterprise)
    family = family.union_all(select(absorbed.id).join(family, absorbed.merged_into == family.c.id))
    statement = select(Enterprise).join(family, family.c.id == Enterprise.id).order_by(Enterprise.id)
    return {row.id: row for row in (await session.execute(statement)).scalars()}


async def _versions(session: AsyncSession, ids: Collection[uuid.UUID]) -> list[EnterpriseVersion]:
    statement = select(EnterpriseVersion).where(EnterpriseVersion.enterprise_id.in_(ids))
    rows = (await session.execute(statement)).scalars()
    return sorted(rows, key=lambda row: _version(row).since)


def _as_of(versions: list[EnterpriseVersion], record: Enterprise, code: str, at: datetime) -> VersionOut:
    """What bore this code then, or else what the living record said then."""
    then = [row for row in versions if row.during.contains(at)]
    for wanted in (
        [row for row in then if row.uscc == code],
        [row for row in then if row.enterprise_id == record.id],
    ):
        if wanted:
            return _version(wanted[0])
    raise Problem(NOT_ON_RECORD_THEN)


async def _changes(
    session: AsyncSession, actor: Actor, ids: Collection[uuid.UUID], *, after: uuid.UUID | None, limit: int
) -> ChangePage:
    record, into = aliased(Enterprise), aliased(Enterprise)
    statement = (
        select(EnterpriseChange, record.uscc, into.uscc.label("into"))
        .join(record, record.id == EnterpriseChange.enterprise_id)
        .outerjoin(into, into.id == EnterpriseChange.into_id)
        .where(or_(EnterpriseChange.enterprise_id.in_(ids), EnterpriseChange.into_id.in_(ids)))
        .order_by(EnterpriseChange.id)
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(EnterpriseChange.id > after)
    rows = (await session.execute(statement)).all()
    items = [
        _change(actor, change, {change.enterprise_id: uscc, change.into_id: into_uscc})
        for change, uscc, into_uscc in rows[:limit]
    ]
    return ChangePage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


def _present(row: Enterprise) -> EnterpriseOut:
    return EnterpriseOut.model_validate(row, from_attributes=True)


def _version(row: EnterpriseVersion) -> VersionOut:
    since = row.during.lower
    assert since is not None  # noqa: S101 (the trigger that writes versions always begins them)
    return VersionOut(
        uscc=row.uscc,
        name=row.name,
        division_code=row.division_code,
        city_code=row.city_code,
        since=since,
        until=row.during.upper,
    )


def _facts(stored: dict[str, object], *, whole: bool) -> FactsOut:
    state = State.model_validate(stored)
    plain = state.model_dump(exclude={"applications", "belongings", "merged_into"})
    belongings = {kind: list(rows) for kind, rows in state.belongings.items()} if whole else None
    return FactsOut.model_validate(plain | {"applications": list(state.applications), "belongings": belongings})


def _change(actor: Actor, change: EnterpriseChange, usccs: dict[uuid.UUID | None, str]) -> ChangeOut:
    # An enterprise reads what was done to its record and why, not which of the staff did it.
    officers = actor.uscc is None
    # An allegation is not told to the enterprise, nor evidence of it to another city.
    whole = officers and actor.city_code is None
    return ChangeOut(
        id=change.id,
        kind=cast("ChangeKind", change.kind),
        uscc=usccs[change.enterprise_id],
        into=usccs.get(change.into_id),
        before=_facts(change.before, whole=whole),
        after=_facts(change.after, whole=whole),
        effective_on=change.effective_on,
        reason=change.reason,
        document=change.document,
        document_digest=change.document_digest,
        made_by=change.made_by if officers else None,
        made_at=change.made_at,
        undone_by=change.undone_by if officers else None,
        undone_at=change.undone_at,
        undo_reason=change.undo_reason,
    )
