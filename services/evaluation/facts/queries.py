"""Reads of statements."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.facts.standing import Claim
from services.evaluation.facts.values import value_of
from services.evaluation.rulebooks.catalogue import Source
from shared.models.evaluation import FactStatement
from shared.models.reads import codes_of

# In one order for all, or two batches about the same enterprises could wait for each other.
_STATING = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('facts of enterprise ' || id, 0)) "
    "FROM (SELECT unnest(CAST(:ids AS text[])) AS id ORDER BY 1) AS sorted"
)


async def hold_stating(session: AsyncSession, enterprise_ids: Collection[uuid.UUID]) -> None:
    """Nobody else states facts of these enterprises until this transaction ends."""
    await session.execute(_STATING, {"ids": [str(id_) for id_ in set(enterprise_ids)]})


async def statements_of(session: AsyncSession, usccs: Collection[str]) -> dict[str, list[FactStatement]]:
    """Every statement and retraction about enterprises, under whichever code, by present code; oldest first."""
    codes = codes_of(usccs).subquery()
    statement = (
        select(codes.c.uscc, FactStatement)
        .join(codes, codes.c.code == FactStatement.uscc)
        .order_by(FactStatement.stated_at, FactStatement.id)
    )
    found: dict[str, list[FactStatement]] = defaultdict(list)
    for uscc, row in await session.execute(statement):
        found[uscc].append(row)
    return found


async def claims_of(session: AsyncSession, usccs: Collection[str]) -> dict[str, list[Claim]]:
    """The claims about enterprises by present code, one query for all; those without any are left out."""
    return {uscc: claims(rows) for uscc, rows in (await statements_of(session, usccs)).items()}


def retractions(rows: Sequence[FactStatement]) -> Mapping[uuid.UUID, uuid.UUID]:
    """By id of a statement: the id of its retraction."""
    return {row.retracts: row.id for row in rows if row.retracts is not None}


def claims(rows: Sequence[FactStatement]) -> list[Claim]:
    """The statements among the rows, each knowing whether it was retracted."""
    retracted = retractions(rows)
    return [claim(row, retracted=row.id in retracted) for row in rows if row.retracts is None]


def claim(row: FactStatement, *, retracted: bool) -> Claim:
    source: Source = "registry" if row.source == "registry" else "city_verified"
    return Claim(
        fact=row.fact,
        source=source,
        value=value_of(row),
        as_of=row.as_of,
        stated_at=row.stated_at,
        statement_id=row.id,
        evidence=row.evidence_digest,
        application_id=row.application_id,
        retracted=retracted,
    )
