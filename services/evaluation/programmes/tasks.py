"""Jobs: judge the lists whose cadence has come round."""

from __future__ import annotations

from sqlalchemy import func, select

from services.evaluation.programmes.cadence import period_start
from services.evaluation.programmes.judge_programme import judge_programme
from services.evaluation.programmes.rules import ProgrammeRule, programme_rules
from services.evaluation.programmes.subjects import subjects
from shared import audit, calendar
from shared.models.evaluation import ProgrammeJudgement
from shared.queue import Work
from shared.reference.province import province


async def judge_due_programmes(work: Work) -> None:
    """Handle `programmes_due`: a judgement of every list that has none in its month, quarter or year."""
    newest = select(ProgrammeJudgement.programme_code, func.max(ProgrammeJudgement.judged_on)).group_by(
        ProgrammeJudgement.programme_code
    )
    judged = dict((await work.session.execute(newest)).all())
    today = calendar.business_date(calendar.now())
    due: list[ProgrammeRule] = []
    for code, rule in programme_rules().items():
        start, last = period_start(rule.data.cadence, today), judged.get(code)
        if start is not None and (last is None or last < start):
            due.append(rule)
    everybody = await subjects(work.session, province().pool_code, today) if due else []
    for rule in due:
        await judge_programme(work.session, audit.SYSTEM, rule, work.event_id, everybody)
