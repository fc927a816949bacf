"""Compose the evaluation service's worker."""

from __future__ import annotations

from services.evaluation.review.tasks import assess_applications
from shared.queue import Handler, run_worker
from shared.settings import Settings, from_environment

HANDLERS: dict[str, Handler] = {"evaluation.assess_applications": assess_applications}

if __name__ == "__main__":
    run_worker("evaluation", HANDLERS, from_environment(Settings))
