"""An assessment's receipt read from the database by an operator, with what people added to it."""

from __future__ import annotations

import json
import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from services.evaluation.assessment.receipt_reading import (
    Act,
    HeldReceipt,
    ReceiptFaultError,
    checked_content,
    unknown_rulebook,
)
from services.evaluation.assessment.registry import rulebook_of
from services.evaluation.rulebooks.rulebook import Rulebook
from shared.db import role_of
from shared.models.evaluation import Assessment, Deviation, Finding
from shared.models.reads import enterprise_names
from shared.reference.divisions import division
from shared.settings import DatabaseSettings


async def held_receipt(settings: DatabaseSettings, assessment_id: uuid.UUID) -> tuple[HeldReceipt, Rulebook]:
    """The receipt and its rulebook, as the service's role may read them.

    Raises ReceiptFaultError `unknown_assessment`, `unknown_rulebook`, and those of `checked_content`.
    """
    engine = create_async_engine(
        settings.database_url.get_secret_value(), connect_args={"server_settings": {"role": role_of("evaluation")}}
    )
    try:
        async with AsyncSession(engine) as session:
            return await _held(session, assessment_id)
    finally:
        await engine.dispose()


async def _held(session: AsyncSession, assessment_id: uuid.UUID) -> tuple[HeldReceipt, Rulebook]:
    statement = select(Assessment).where(Assessment.id == assessment_id)
    found = (await session.execute(statement)).scalar_one_or_none()
    if found is None:
        raise ReceiptFaultError("unknown_assessment", f"没有评判 {assessment_id}", f"No assessment {assessment_id}")
    try:
        content = checked_content(json.loads(found.receipt))
    except ValueError as error:
        raise ReceiptFaultError("not_json", f"不是 JSON：{error}", "The stored receipt is no JSON") from None
    try:
        rulebook = await rulebook_of(session, found.rulebook_digest)
    except LookupError:
        raise unknown_rulebook(found.rulebook_digest) from None
    names = await enterprise_names(session, [found.uscc])
    about = {
        "企业名称": names.get(found.uscc, "未知"),
        "统一社会信用代码": found.uscc,
        "推荐市州": division(found.city_code).name,
        "评判编号": str(found.id),
    }
    held = HeldReceipt(
        found.receipt,
        content,
        digest=found.receipt_digest,
        about=about,
        findings=await _findings(session, assessment_id),
        deviations=await _deviations(session, assessment_id),
    )
    return held, rulebook


async def _findings(session: AsyncSession, assessment_id: uuid.UUID) -> dict[str, Act]:
    rows = await session.execute(select(Finding).where(Finding.assessment_id == assessment_id))
    return {row.part: Act(row.met, row.reason, row.found_by) for row in rows.scalars()}


async def _deviations(session: AsyncSession, assessment_id: uuid.UUID) -> dict[str, Act]:
    """Those that a second person has signed: no other excuses anything."""
    rows = await session.execute(
        select(Deviation).where(Deviation.assessment_id == assessment_id, Deviation.signed_by.is_not(None))
    )
    return {row.part: Act(None, row.reason, f"{row.proposed_by}、{row.signed_by}") for row in rows.scalars()}
