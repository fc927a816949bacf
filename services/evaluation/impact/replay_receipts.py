"""Do stored receipts come out the same again, byte for byte, under the rulebooks that made them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from contextlib import aclosing

from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.queries import cycle_or_refuse
from services.evaluation.assessment.registry import rulebook_of
from services.evaluation.impact.queries import StoredReceipt, receipts_in_batches, stored_receipt
from services.evaluation.impact.schemas import CycleReplay, ReplayDifference, ReplayOut
from services.evaluation.rulebooks.differences import first_difference
from services.evaluation.rulebooks.receipt import receipt_digest, replay_all
from services.evaluation.rulebooks.rulebook import Rulebook
from shared.errors import NOT_FOUND, Problem

_DIGEST_DIFFERS = ReplayDifference(
    code="digest_differs",
    message_zh="回执原文与登记的摘要不符",
    message_en="The receipt's text does not have the digest that was recorded",
)
_UNREADABLE = ReplayDifference(
    code="unreadable", message_zh="不是可以重放的回执", message_en="Not a receipt that can be replayed"
)


async def replay_cycle(session: AsyncSession, code: str, cursor: uuid.UUID | None, limit: int) -> CycleReplay:
    """Every receipt of a cycle; lists the first `limit` that differ. Problem `cycle_not_found`."""
    cycle = await cycle_or_refuse(session, code)
    receipts, different = 0, 0
    items: list[ReplayOut] = []
    async with aclosing(receipts_in_batches(session, cycle.id, cursor)) as batches:
        async for batch in batches:
            digests = sorted({stored.rulebook_digest for stored in batch})
            rulebooks = {digest: await rulebook_of(session, digest) for digest in digests}
            differing = await asyncio.to_thread(_differing, rulebooks, batch)
            receipts, different = receipts + len(batch), different + len(differing)
            items += differing[: limit + 1 - len(items)]
    return CycleReplay(
        receipts=receipts,
        equal=receipts - different,
        different=different,
        items=items[:limit],
        next_cursor=items[limit - 1].assessment_id if len(items) > limit else None,
    )


async def replay_one(session: AsyncSession, assessment_id: uuid.UUID) -> ReplayOut:
    """One assessment's receipt; Problem `not_found`."""
    stored = await stored_receipt(session, assessment_id)
    if stored is None:
        raise Problem(NOT_FOUND)
    rulebook = await rulebook_of(session, stored.rulebook_digest)
    differing = await asyncio.to_thread(_differing, {stored.rulebook_digest: rulebook}, [stored])
    return differing[0] if differing else _out(stored, None)


def _differing(rulebooks: Mapping[str, Rulebook], batch: Sequence[StoredReceipt]) -> list[ReplayOut]:
    """Those that do not replay, in the order given."""
    found: list[ReplayOut] = []
    for digest, rulebook in rulebooks.items():
        own = [stored for stored in batch if stored.rulebook_digest == digest]
        for stored, text in zip(own, replays(rulebook, [stored.receipt for stored in own]), strict=True):
            if (difference := _difference(stored, text)) is not None:
                found.append(_out(stored, difference))
    return sorted(found, key=lambda item: item.assessment_id)


def replays(rulebook: Rulebook, texts: Sequence[str]) -> list[str | None]:
    """`replay_all`, with None for each text that is no receipt: a broken one hides no other."""
    if not texts:
        return []
    try:
        return list(replay_all(texts, rulebook))
    except (ValueError, TypeError, RecursionError):
        if len(texts) == 1:
            return [None]
        middle = len(texts) // 2
        return [*replays(rulebook, texts[:middle]), *replays(rulebook, texts[middle:])]


def _difference(stored: StoredReceipt, replayed: str | None) -> ReplayDifference | None:
    if replayed is None:
        return _UNREADABLE
    if (found := first_difference(stored.receipt, replayed)) is None:
        return None if receipt_digest(stored.receipt) == stored.receipt_digest else _DIGEST_DIFFERS
    return ReplayDifference(
        code=found.code,
        message_zh=f"回执与重放结果在 {found.pointer} 处不同" if found.pointer else "内容相同，但书写不是规范形式",
        message_en=f"The receipt and its replay differ at {found.pointer}" if found.pointer else "Written otherwise",
        pointer=found.pointer,
        stored=found.stored,
        replayed=found.replayed,
    )


def _out(stored: StoredReceipt, difference: ReplayDifference | None) -> ReplayOut:
    return ReplayOut(
        assessment_id=stored.id,
        rulebook_digest=stored.rulebook_digest,
        receipt_digest=stored.receipt_digest,
        equal=difference is None,
        difference=difference,
    )
