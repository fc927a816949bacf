"""Take what came of events and pushes of patents: the ledger says what matchmaking says now."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.support.claims import claim_of
from services.evaluation.support.kinds import kind_taken_from
from services.evaluation.support.ledger import hold_recording, is_current
from shared import audit
from shared.models.base import new_id
from shared.models.evaluation import SupportAction
from shared.models.reads import EnterpriseOnRecord, Matched, enterprise_of_match, enterprises_on_record, matched_support

_TAKING = text("SELECT pg_advisory_xact_lock(hashtextextended('support from match ' || :name, 0))")
_CHANGED = "活动结果已更正"
_CONTENT = ("kind", "happened_on", "provider", "subject", "amount_fen", "claim")


async def take_match(session: AsyncSession, name: str) -> None:
    """Bring the row taken as `name` in line with what it stands for now; doing so again changes nothing.

    What the province's kinds of support do not take from matchmaking leaves no row.
    """
    await session.execute(_TAKING, {"name": name})
    uscc = await enterprise_of_match(session, name)
    found = (await enterprises_on_record(session, [uscc])).get(uscc)
    await hold_recording(session, [] if found is None else [found.id])
    matched = await matched_support(session, name)
    wanted = _wanted(matched)
    statement = select(SupportAction).where(SupportAction.matched_as == name, is_current())
    taken = (await session.execute(statement)).scalar_one_or_none()
    if wanted is None and taken is None:
        return
    if taken is not None and wanted == {column: getattr(taken, column) for column in _CONTENT}:
        return
    row = _row(name, _whose(taken, matched, found), taken, wanted)
    session.add(row)
    await session.flush()
    detail = {"source_key": row.source_key, "withdrawn": row.withdrawn}
    subject = ("support_action", row.id)
    await audit.record(
        session, service="evaluation", actor=audit.SYSTEM, action="support.take", subject=subject, detail=detail
    )


def _wanted(matched: Matched | None) -> dict[str, Any] | None:
    kind = None if matched is None else kind_taken_from(matched.part)
    if matched is None or kind is None:
        return None
    # A kind without amounts stays without, whatever was agreed.
    fen = None if kind.amount == "none" else matched.amount_fen
    return {
        "kind": kind.code,
        "happened_on": matched.happened_on,
        "provider": matched.provider,
        "subject": matched.subject,
        "amount_fen": fen,
        "claim": claim_of(kind, matched.happened_on, matched.provider, matched.subject, fen),
    }


def _whose(taken: SupportAction | None, matched: Matched | None, found: EnterpriseOnRecord | None) -> dict[str, str]:
    """A correction stays where the row before it counts; an enterprise that nobody knows counts for the host."""
    if taken is not None:
        return {"uscc": taken.uscc, "city_code": taken.city_code}
    assert matched is not None  # noqa: S101 (there is something to be taken)
    if found is None:
        return {"uscc": matched.uscc, "city_code": matched.city_code}
    return {"uscc": found.uscc, "city_code": found.city_code}


def _row(name: str, whose: dict[str, str], taken: SupportAction | None, wanted: dict[str, Any] | None) -> SupportAction:
    """The action, in the place of the one taken before; a withdrawal where nothing came of it after all."""
    before: dict[str, Any] = {}
    if taken is not None:
        before = {"corrects": taken.id, "reason": _CHANGED, "kind": taken.kind}
    id_ = new_id()
    return SupportAction(
        **{
            **before,
            **(wanted or {}),
            **whose,
            "id": id_,
            "source": "event",
            "recorded_by": audit.SYSTEM.subject,
            "withdrawn": wanted is None,
            "matched_as": name,
            "source_key": f"{name}/{id_}",
        }
    )
