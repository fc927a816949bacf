"""What is on record of patents that are to be pledged."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.outcomes.pledge_checks import OnRecord
from shared.models.finance import PatentExtract


async def extracts_on(
    session: AsyncSession, patent_nos: Collection[str], on: date, pledgor: str
) -> dict[str, OnRecord]:
    """By number, the newest copy of the register as of a day; patents without one are left out."""
    owned = func.holder_of_code(PatentExtract.uscc) == func.holder_of_code(pledgor)
    statement = (
        select(PatentExtract, owned)
        .where(PatentExtract.patent_no.in_(patent_nos), PatentExtract.as_of <= on)
        .ext(distinct_on(PatentExtract.patent_no))
        .order_by(PatentExtract.patent_no, PatentExtract.as_of.desc(), PatentExtract.id.desc())
    )
    return {one.patent_no: OnRecord(one, is_owned) for one, is_owned in await session.execute(statement)}
