"""What banks reported of credits, for the ledger of support."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared.models.finance import CreditOutcome, Pledge
from shared.models.identity import ApiClient


@dataclass(frozen=True, slots=True)
class CreditOnRecord:
    """What holds of one credit now: `id` is that of the row that says so. Money in 分; None is not known."""

    id: uuid.UUID
    uscc: str
    city_code: str
    bank: str
    decided_on: date | None
    drawn_fen: int | None
    pledged: bool
    registration_no: str | None


async def credit_on_record(session: AsyncSession, root_id: uuid.UUID) -> CreditOnRecord:
    """The newest row of the chain that a first report began, which is there; a withdrawal has no day and no money."""
    later = aliased(CreditOutcome)
    pledged = exists().where(Pledge.outcome_id == CreditOutcome.id, Pledge.voided_by.is_(None))
    statement = (
        select(
            CreditOutcome.id,
            CreditOutcome.uscc,
            CreditOutcome.city_code,
            ApiClient.name,
            CreditOutcome.decided_on,
            CreditOutcome.drawn_fen,
            pledged,
            CreditOutcome.registration_no,
        )
        .join(ApiClient, ApiClient.client_id == CreditOutcome.client_id)
        .where(CreditOutcome.root_id == root_id, ~exists().where(later.corrects == CreditOutcome.id))
    )
    return CreditOnRecord(*(await session.execute(statement)).one())
