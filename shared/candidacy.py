"""Who may leave a cycle's selection, and when: withdrawing from it and deciding on it exclude each other.

One advisory lock per cycle, held until the transaction ends, and taken before candidates or applications are read:
what is read afterwards stays so.
"""

from __future__ import annotations

import uuid

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))")
_EXCLUSIVE = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


async def hold_candidacy(session: AsyncSession, cycle_id: uuid.UUID) -> None:
    """For one that leaves: no selection of the cycle is decided until this transaction ends. Many may leave at once."""
    await session.execute(_SHARED, {"name": _name(cycle_id)})


async def freeze_candidates(session: AsyncSession, cycle_id: uuid.UUID) -> None:
    """For a selection: nobody leaves the cycle until this transaction ends."""
    await session.execute(_EXCLUSIVE, {"name": _name(cycle_id)})


def _name(cycle_id: uuid.UUID) -> str:
    return f"selection of cycle {cycle_id}"
