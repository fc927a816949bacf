"""The rulebook that a question is about: a registered one, or a text checked like any other."""

from __future__ import annotations

import asyncio

from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.registry import rulebook_of
from services.evaluation.impact.errors import ONE_RULEBOOK_NEEDED, RULEBOOK_NOT_FOUND, RULEBOOK_REFUSED
from services.evaluation.impact.queries import registered_digest
from services.evaluation.impact.schemas import ImpactIn
from services.evaluation.rulebooks.errors import RulebookError
from services.evaluation.rulebooks.loader import load_rulebook
from services.evaluation.rulebooks.rulebook import Rulebook
from shared.errors import Problem, Violation

ORIGIN = "rulebook_text"

# More faults than a person mends at one go are counted only.
_MOST_TOLD = 100


async def chosen_rulebook(session: AsyncSession, asked: ImpactIn) -> Rulebook:
    """Problems `one_rulebook_needed`, `rulebook_not_found` and `rulebook_refused` (with the loader's code and line)."""
    named = (asked.rulebook_id, asked.rulebook_digest, asked.rulebook_text)
    if sum(one is not None for one in named) != 1:
        raise Problem(ONE_RULEBOOK_NEEDED)
    if asked.rulebook_text is not None:
        # Parsing is plain Python: a long text must not hold up everybody else's requests.
        return await asyncio.to_thread(_checked, asked.rulebook_text)
    digest = asked.rulebook_digest or await registered_digest(session, asked.rulebook_id or "")
    try:
        return await rulebook_of(session, digest)
    except LookupError:
        raise Problem(RULEBOOK_NOT_FOUND) from None


def _checked(text: str) -> Rulebook:
    try:
        return load_rulebook(text, origin=ORIGIN)
    except RulebookError as error:
        raise _refusal(error) from None
    except RecursionError:
        raise _refusal(RulebookError("not_toml", "nested too deeply", ORIGIN, 1, zh="嵌套过深")) from None


def _refusal(error: RulebookError) -> Problem:
    told = [
        Violation(one.code, f"第 {one.line} 行：{one.zh}", f"line {one.line}: {one.en}", pointer="/rulebook_text")
        for one in error.faults[:_MOST_TOLD]
    ]
    first, others = told[0], len(error.faults) - 1
    return Problem(
        RULEBOOK_REFUSED,
        detail_zh=f"{first.message_zh}（{error.code}）" + (f"，另有 {others} 处" if others else ""),
        detail_en=f"{first.message_en} [{error.code}]" + (f", and {others} more" if others else ""),
        violations=told,
        violations_left_out=len(error.faults) - len(told),
    )
