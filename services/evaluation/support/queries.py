"""Reads of the ledger within the actor's reach."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import Select, and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.evaluation.support.kinds import support_data, title_of
from services.evaluation.support.ledger import (
    Wanted,
    corrected_by,
    duplicate_of,
    is_counted,
    is_current,
    matching,
    within_reach,
)
from services.evaluation.support.money import yuan_of
from services.evaluation.support.schemas import ActionOut, ActionPage, KindTotal, TotalsOut
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import SupportAction
from shared.models.reads import codes_of, present_codes
from shared.security.actor import Actor

# A row with the id of the one that corrects it, and of the one that it repeats.
Row = tuple[SupportAction, uuid.UUID | None, uuid.UUID | None]


async def action_page(
    session: AsyncSession, actor: Actor, wanted: Wanted, *, counted: bool, after: uuid.UUID | None, limit: int
) -> ActionPage:
    """Actions in the order in which they were recorded; `counted` leaves out what sums leave out."""
    statement = _rows(actor).where(matching(wanted)).order_by(SupportAction.id).limit(limit + 1)
    if counted:
        statement = statement.where(is_counted())
    if after is not None:
        statement = statement.where(SupportAction.id > after)
    rows = list(await session.execute(statement))
    items = await _shown(session, actor, rows[:limit])
    return ActionPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


async def action_by_id(session: AsyncSession, actor: Actor, action_id: uuid.UUID) -> ActionOut:
    """One row of the ledger; Problem `not_found` outside reach."""
    row = (await session.execute(_rows(actor).where(SupportAction.id == action_id))).one_or_none()
    if row is None:
        raise Problem(NOT_FOUND)
    return (await _shown(session, actor, [row]))[0]


async def shown_in_order(session: AsyncSession, actor: Actor, ids: Sequence[uuid.UUID]) -> list[ActionOut]:
    """Rows by id, in the order asked for; whoever recorded them sees them."""
    statement = select(SupportAction, corrected_by(), duplicate_of()).where(SupportAction.id.in_(ids))
    found = list(await session.execute(statement))
    by_id = {one.id: one for one in await _shown(session, actor, found)}
    return [by_id[id_] for id_ in ids]


async def totals(session: AsyncSession, actor: Actor, wanted: Wanted) -> TotalsOut:
    """Counts and sums by kind over exactly the rows that the list shows as counted."""
    statement = (
        select(
            SupportAction.kind,
            func.count(),
            func.count(func.distinct(func.holder_of_code(SupportAction.uscc))),
            func.sum(SupportAction.amount_fen),
            func.count().filter(SupportAction.amount_fen.is_(None)),
        )
        .where(within_reach(actor), matching(wanted), is_counted())
        .group_by(SupportAction.kind)
    )
    found = {row[0]: row for row in await session.execute(statement)}
    order = [*support_data().kinds, *sorted(found.keys() - support_data().kinds.keys())]
    return TotalsOut(items=[_total(*found[kind]) for kind in order if kind in found])


async def current_claims(session: AsyncSession, usccs: Collection[str]) -> dict[tuple[str, str | None], SupportAction]:
    """By present code and claim: the row that makes the claim, the one that counts where a report repeats it."""
    codes = codes_of(usccs).subquery()
    statement = (
        select(codes.c.uscc, SupportAction)
        .join(codes, codes.c.code == SupportAction.uscc)
        .where(SupportAction.claim.is_not(None), is_current())
        .order_by(SupportAction.source != "report", SupportAction.recorded_at.desc(), SupportAction.id.desc())
    )
    return {(uscc, row.claim): row for uscc, row in await session.execute(statement)}


def _rows(actor: Actor) -> Select[SupportAction, uuid.UUID | None, uuid.UUID | None]:
    return select(SupportAction, corrected_by(), duplicate_of()).where(within_reach(actor))


async def _shown(session: AsyncSession, actor: Actor, rows: Sequence[Row]) -> list[ActionOut]:
    present = await present_codes(session, {row.uscc for row, _, _ in rows})
    alike = await _alike(session, actor, [row for row, later, _ in rows if later is None])
    return [_action_shown(actor, row, present[row.uscc], later, same, alike[row.id]) for row, later, same in rows]


def _action_shown(
    actor: Actor,
    row: SupportAction,
    uscc: str,
    later: uuid.UUID | None,
    same: uuid.UUID | None,
    alike: list[uuid.UUID],
) -> ActionOut:
    current = later is None and not row.withdrawn
    return ActionOut(
        id=row.id,
        kind=row.kind,
        kind_title=title_of(row.kind),
        uscc=uscc,
        city_code=row.city_code,
        happened_on=row.happened_on,
        provider=row.provider,
        subject=row.subject,
        amount_cny=yuan_of(row.amount_fen),
        document=row.document,
        source=row.source,  # pyright: ignore[reportArgumentType] (a CHECK keeps it to these words)
        recorded_by=row.recorded_by if actor.uscc is None else None,
        recorded_at=row.recorded_at,
        report_id=row.report_id,
        corrects=row.corrects,
        corrected_by=later,
        withdrawn=row.withdrawn,
        reason=row.reason,
        duplicate_of=same if current else None,
        resembles=alike if current and same is None else [],
        counted=current and same is None,
    )


async def _alike(
    session: AsyncSession, actor: Actor, rows: Sequence[SupportAction]
) -> dict[uuid.UUID, list[uuid.UUID]]:
    """By id: counted rows within reach of the same enterprise, family, day and amount, whose claim is another."""
    found: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    paid = [row.id for row in rows if row.amount_fen is not None and row.happened_on is not None]
    if not paid:
        return found
    mine = aliased(SupportAction)
    statement = (
        select(mine.id, mine.kind, SupportAction.id, SupportAction.kind)
        .join(
            mine,
            and_(
                func.holder_of_code(mine.uscc) == func.holder_of_code(SupportAction.uscc),
                tuple_(mine.happened_on, mine.amount_fen)
                == tuple_(SupportAction.happened_on, SupportAction.amount_fen),
                mine.claim.is_distinct_from(SupportAction.claim),
                mine.id != SupportAction.id,
            ),
        )
        .where(mine.id.in_(paid), within_reach(actor), is_counted())
        .order_by(SupportAction.id)
    )
    for my_id, my_kind, other_id, other_kind in await session.execute(statement):
        if _family(my_kind) == _family(other_kind):
            found[my_id].append(other_id)
    return found


def _family(kind: str) -> str:
    known = support_data().kinds.get(kind)
    return kind if known is None else known.family


def _total(kind: str, actions: int, enterprises: int, fen: int | None, unknown: int) -> KindTotal:
    known = support_data().kinds.get(kind)
    has_amount = known is None or known.amount != "none"
    return KindTotal(
        kind=kind,
        title=title_of(kind),
        clause=None if known is None else known.clause,
        actions=actions,
        enterprises=enterprises,
        amount_cny=yuan_of(None if fen is None else int(fen)),
        amounts_unknown=unknown if has_amount else 0,
    )
