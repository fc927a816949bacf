"""Take a loan from what a bank reported: the ledger says what the bank says now."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.support.claims import claim_of
from services.evaluation.support.kinds import kind_taken_from
from services.evaluation.support.ledger import hold_recording, is_current
from shared import audit
from shared.models.base import new_id
from shared.models.evaluation import SupportAction
from shared.models.reads import CreditOnRecord, credit_on_record, enterprises_on_record

_TAKING = text("SELECT pg_advisory_xact_lock(hashtextextended('support from outcome ' || :id, 0))")
_CHANGED = "银行已更正或撤销该笔反馈"
_CONTENT = ("kind", "happened_on", "provider", "subject", "amount_fen", "document", "claim")


async def take_outcome(session: AsyncSession, root_id: uuid.UUID) -> None:
    """Bring the row taken from a credit in line with it; doing so again changes nothing.

    What is drawn is support; a line of which nothing is drawn, or nobody knows, and a refusal, are not.
    """
    await session.execute(_TAKING, {"id": str(root_id)})
    credit = await credit_on_record(session, root_id)
    found = (await enterprises_on_record(session, [credit.uscc])).get(credit.uscc)
    await hold_recording(session, [] if found is None else [found.id])
    wanted = _wanted(credit)
    statement = select(SupportAction).where(SupportAction.outcome_id == root_id, is_current())
    taken = (await session.execute(statement)).scalar_one_or_none()
    if wanted is None and taken is None:
        return
    if taken is not None and wanted == {name: getattr(taken, name) for name in _CONTENT}:
        return
    row = _row(root_id, credit, taken, wanted)
    session.add(row)
    await session.flush()
    detail = {"source_key": row.source_key, "withdrawn": row.withdrawn}
    subject = ("support_action", row.id)
    await audit.record(
        session, service="evaluation", actor=audit.SYSTEM, action="support.take", subject=subject, detail=detail
    )


def _wanted(credit: CreditOnRecord) -> dict[str, Any] | None:
    kind = kind_taken_from("loans.pledged" if credit.pledged else "loans.not_pledged")
    if kind is None or credit.decided_on is None or not credit.drawn_fen:
        return None
    return {
        "kind": kind.code,
        "happened_on": credit.decided_on,
        "provider": credit.bank,
        "subject": None,
        "amount_fen": credit.drawn_fen,
        "document": credit.registration_no,
        "claim": claim_of(kind, credit.decided_on, credit.bank, None, credit.drawn_fen),
    }


def _row(
    root_id: uuid.UUID, credit: CreditOnRecord, taken: SupportAction | None, wanted: dict[str, Any] | None
) -> SupportAction:
    """The action, in the place of the one taken before; a withdrawal where nothing was drawn after all."""
    before: dict[str, Any] = {}
    if taken is not None:
        before = {"corrects": taken.id, "reason": _CHANGED, "kind": taken.kind}
    return SupportAction(
        **{
            **before,
            **(wanted or {}),
            "id": new_id(),
            "uscc": credit.uscc if taken is None else taken.uscc,
            "city_code": credit.city_code if taken is None else taken.city_code,
            "source": "bank",
            "recorded_by": audit.SYSTEM.subject,
            "withdrawn": wanted is None,
            "outcome_id": root_id,
            "source_key": f"{root_id}/{credit.id}",
        }
    )
