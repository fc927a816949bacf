"""Jobs: judge, and bring the reviews up to date in the same transaction."""

from __future__ import annotations

import uuid

from services.evaluation.assessment import tasks as judging
from services.evaluation.review.overtaking import bring_up_to_date
from shared.queue import Work


async def assess_applications(work: Work) -> None:
    """Handle `applications_recommended`: judge, then open reviews, or carry over what an earlier one still settles."""
    await judging.assess_applications(work)
    await bring_up_to_date(work.session, [uuid.UUID(id_) for id_ in work.payload["application_ids"]])


async def judge_stated_facts(work: Work) -> None:
    """Handle `facts_stated`: judge again by what is known now; a review is reopened only for what that changed."""
    await bring_up_to_date(work.session, await judging.judge_stated_facts(work))
