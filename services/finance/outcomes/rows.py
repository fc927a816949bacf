"""Rows of outcomes and pledges as they are kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.outcomes.money import fen_of, rate_of
from services.finance.outcomes.schemas import ApprovedIn, RefusedIn
from shared import audit, outbox
from shared.events import CreditOutcomeRecorded
from shared.models.base import new_id
from shared.models.finance import CreditOutcome, Pledge
from shared.security.actor import Actor

# In one order, so that two who pledge several patents wait for each other and never both.
_HOLD = text(
    "SELECT pg_advisory_xact_lock(held.key) FROM (SELECT DISTINCT hashtextextended('pledge of ' || patent_no, 0) AS key "
    "FROM unnest(CAST(:patents AS text[])) AS asked (patent_no) ORDER BY key) AS held"
)


def content_columns(content: ApprovedIn | RefusedIn) -> dict[str, Any]:
    """The columns that hold what was decided."""
    columns: dict[str, Any] = {
        "decision": content.decision,
        "decided_on": content.decided_on,
        "content": content.model_dump(mode="json"),
    }
    if isinstance(content, RefusedIn):
        return columns | {"refusal_code": content.refusal_code}
    pledge = content.pledge
    return columns | {
        "line_fen": fen_of(content.line_cny),
        "drawn_fen": fen_of(content.drawn_cny),
        "rate_e4": rate_of(content.rate_percent),
        "due_on": content.due_on,
        "registration_no": None if pledge is None else pledge.registration_no,
        "registered_on": None if pledge is None else pledge.registered_on,
    }


async def hold_pledged(session: AsyncSession, contents: Iterable[ApprovedIn | RefusedIn | None]) -> None:
    """Whoever pledges the same patents waits until this transaction ends.

    The exclusion constraint refuses a second pledge by itself, but of two at once each may wait for the other's row.
    """
    pledges = [one.pledge for one in contents if isinstance(one, ApprovedIn) and one.pledge is not None]
    if patents := [patent.patent_no for one in pledges for patent in one.patents]:
        await session.execute(_HOLD, {"patents": patents})


def pledges_of(outcome: CreditOutcome, content: ApprovedIn | RefusedIn | None) -> list[Pledge]:
    """A row for each patent pledged."""
    if not isinstance(content, ApprovedIn) or content.pledge is None:
        return []
    return [
        Pledge(
            id=new_id(),
            outcome_id=outcome.id,
            patent_no=patent_no,
            registration_no=content.pledge.registration_no,
            registered_on=content.pledge.registered_on,
        )
        for patent_no in dict.fromkeys(one.patent_no for one in content.pledge.patents)
    ]


async def tell(session: AsyncSession, actor: Actor, action: str, outcome: CreditOutcome) -> None:
    """Audit the row, and tell the ledger of support."""
    detail = {
        "programme": outcome.programme_code,
        "uscc": outcome.uscc,
        "reference": outcome.reference,
        "decision": outcome.decision,
    }
    if outcome.reason is not None:
        detail["reason"] = outcome.reason
    subject = ("credit_outcome", outcome.id)
    await audit.record(session, service="finance", actor=actor, action=action, subject=subject, detail=detail)
    await outbox.publish(session, CreditOutcomeRecorded(outcome_id=outcome.root_id))
