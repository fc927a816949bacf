"""Which past decisions of a cycle would be others under another rulebook, and why."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Generator, Mapping, Sequence
from contextlib import aclosing, contextmanager

import polars as pl
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.queries import cycle_or_refuse
from services.evaluation.assessment.registry import rulebook_of
from services.evaluation.impact.changed_decisions import Decision, changed_decision
from services.evaluation.impact.chosen_rulebook import chosen_rulebook
from services.evaluation.impact.comparison import Compared, compare
from services.evaluation.impact.errors import IMPACT_BUSY
from services.evaluation.impact.queries import decisions_in_batches
from services.evaluation.impact.schemas import ChangedDecision, Depth, ImpactIn, ImpactOut, RulebookNamed
from services.evaluation.impact.tally import Tally
from services.evaluation.rulebooks.errors import FactError
from services.evaluation.rulebooks.rulebook import Rulebook
from shared import audit
from shared.db import Database
from shared.errors import Problem
from shared.models.reads import PinnedCycle
from shared.security.actor import Actor

# Each holds a connection and a thread while it reads a cycle; the others are for everybody else.
_MOST_AT_ONCE = 2
_RETRY_SECONDS = 5
_under_way: set[object] = set()


async def impact(
    database: Database,
    actor: Actor,
    code: str,
    asked: ImpactIn,
    *,
    depth: Depth = "overall",
    cursor: uuid.UUID | None = None,
    limit: int = 100,
) -> ImpactOut:
    """One page of the decisions that change; the first page (no cursor) also counts the whole cycle.

    Writes nothing but an audit entry, also when the rulebook is refused.
    Problems `cycle_not_found`, `impact_busy`, and those of `chosen_rulebook`.
    """
    with _place():
        async with database.sessions() as session:
            cycle = await cycle_or_refuse(session, code)
            try:
                after = await chosen_rulebook(session, asked)
            except Problem as refusal:
                # The connection goes back first: whoever held one and waited for another could wait for ever.
                await session.rollback()
                await _record(database, actor, cycle, "cycle.impact.refused", _refusal_detail(refusal))
                raise
            tally, items = await _compared(session, cycle, after, depth, cursor, limit)
    summary = None if cursor else tally.summary()
    detail = {"rulebook_id": after.id, "rulebook_digest": after.digest, "after": str(cursor) if cursor else None}
    counts = {"judged": summary.judged, "changed": summary.changed} if summary else {}
    await _record(database, actor, cycle, "cycle.impact", detail | counts)
    return ImpactOut(
        rulebook=RulebookNamed(id=after.id, digest=after.digest, title=after.title),
        summary=summary,
        items=items[:limit],
        next_cursor=items[limit - 1].assessment_id if len(items) > limit else None,
    )


@contextmanager
def _place() -> Generator[None]:
    if len(_under_way) >= _MOST_AT_ONCE:
        raise Problem(IMPACT_BUSY, retry_after_seconds=_RETRY_SECONDS)
    own = object()
    _under_way.add(own)
    try:
        yield
    finally:
        _under_way.discard(own)


async def _compared(
    session: AsyncSession, cycle: PinnedCycle, after: Rulebook, depth: Depth, cursor: uuid.UUID | None, limit: int
) -> tuple[Tally, list[ChangedDecision]]:
    """With a cursor it stops once the page and the one item that tells of another page are full."""
    tally, items = Tally(after), list[ChangedDecision]()
    async with aclosing(decisions_in_batches(session, cycle.id, cursor)) as batches:
        async for batch in batches:
            digests = {decision.rulebook_digest for decision in batch}
            before = {digest: await rulebook_of(session, digest) for digest in sorted(digests)}
            items += await asyncio.to_thread(_batch, tally, before, batch, depth, limit + 1 - len(items))
            if cursor and len(items) > limit:
                break
    return tally, items


def _batch(
    tally: Tally, rulebooks: Mapping[str, Rulebook], batch: Sequence[Decision], depth: Depth, wanted: int
) -> list[ChangedDecision]:
    """Add a batch to the tally; the first `wanted` of its changed decisions, in order."""
    found: list[ChangedDecision] = []
    for digest, day in sorted({(decision.rulebook_digest, decision.assessed_on) for decision in batch}):
        own = [one for one in batch if (one.rulebook_digest, one.assessed_on) == (digest, day)]
        # Under the transitional clauses of that day, of either rulebook.
        before, after = rulebooks[digest].on(day), tally.after.on(day)
        for readable, compared in _readable(tally, before, after, own):
            tally.add(before, compared)
            positions = compared.rows.filter(pl.col("overall") | (depth == "criterion"))["position"].head(wanted)
            found += [
                changed_decision(readable[at], before, after, compared.after_parts.row(at, named=True))
                for at in positions
            ]
    return sorted(found, key=lambda item: item.assessment_id)[:wanted]


def _readable(
    tally: Tally, before: Rulebook, after: Rulebook, decisions: Sequence[Decision]
) -> Generator[tuple[Sequence[Decision], Compared]]:
    """The batch compared; where a receipt cannot be read, the halves without it: a broken one hides no other."""
    try:
        yield decisions, compare(before, after, frame_of(decisions))
    except (FactError, pl.exceptions.PolarsError):
        if len(decisions) == 1:
            tally.unreadable += 1
            return
        middle = len(decisions) // 2
        yield from _readable(tally, before, after, decisions[:middle])
        yield from _readable(tally, before, after, decisions[middle:])


def frame_of(decisions: Sequence[Decision]) -> pl.DataFrame:
    """The texts that `compare` reads, a row per decision."""
    columns = ("receipt", "findings", "deviations")
    return pl.DataFrame(
        {name: [getattr(decision, name) for decision in decisions] for name in columns},
        schema=dict.fromkeys(columns, pl.String),
    )


def _refusal_detail(refusal: Problem) -> dict[str, object]:
    # Codes only: a refused text may hold what no column can.
    return {"code": refusal.kind.code, "violations": [violation.code for violation in refusal.violations]}


async def _record(
    database: Database, actor: Actor, cycle: PinnedCycle, action: str, detail: Mapping[str, object]
) -> None:
    """In a transaction of its own: a refusal is recorded though nothing else is."""
    async with database.sessions.begin() as session:
        await audit.record(
            session, service="evaluation", actor=actor, action=action, subject=("cycle", cycle.id), detail=dict(detail)
        )
