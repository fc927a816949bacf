"""Compose the evaluation service's worker."""

from __future__ import annotations

from services.evaluation.adjustment.tasks import remind_stalled
from services.evaluation.programmes.tasks import judge_due_programmes
from services.evaluation.review.tasks import assess_applications, judge_stated_facts
from services.evaluation.support.tasks import take_credit_outcome, take_matched_support, take_report_support
from shared.queue import Handler, run_worker
from shared.settings import Settings, from_environment

HANDLERS: dict[str, Handler] = {
    "evaluation.assess_applications": assess_applications,
    "evaluation.judge_due_programmes": judge_due_programmes,
    "evaluation.judge_stated_facts": judge_stated_facts,
    "evaluation.remind_stalled": remind_stalled,
    "evaluation.take_credit_outcome": take_credit_outcome,
    "evaluation.take_match": take_matched_support,
    "evaluation.take_report_support": take_report_support,
}

if __name__ == "__main__":
    run_worker("evaluation", HANDLERS, from_environment(Settings))
