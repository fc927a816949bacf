"""Compose the evaluation service's HTTP application."""

from __future__ import annotations

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.adjustment.act_routes import router as adjustment_acts
from services.evaluation.adjustment.exit_routes import router as exit_notices
from services.evaluation.adjustment.routes import router as adjustments
from services.evaluation.assessment.registry import register_rulebooks
from services.evaluation.assessment.routes import router as assessments
from services.evaluation.facts.routes import router as facts
from services.evaluation.figures.routes import router as figures
from services.evaluation.impact.routes import router as impact
from services.evaluation.notices.appeal_routes import router as appeals
from services.evaluation.notices.judgement_routes import router as own_judgements
from services.evaluation.notices.public_routes import router as public_notices
from services.evaluation.notices.routes import router as notices
from services.evaluation.performance.routes import router as performance
from services.evaluation.pool.routes import history as pool_history
from services.evaluation.pool.routes import router as pool
from services.evaluation.pool.service import register_pool
from services.evaluation.programmes.routes import router as programmes
from services.evaluation.programmes.rules import programme_rules
from services.evaluation.review.queue_routes import router as review_queue
from services.evaluation.review.routes import router as review
from services.evaluation.selection.routes import router as selection
from services.evaluation.spot_checks.public_routes import router as public_spot_checks
from services.evaluation.spot_checks.routes import router as spot_checks
from services.evaluation.support.routes import router as support
from shared.garbage import settle_collector
from shared.settings import Settings, from_environment
from shared.web.application import build_application


async def register_province(session: AsyncSession) -> None:
    """Make the province's rulebooks and pool known to the database; refuse lists whose rules must not be used."""
    programme_rules()
    await register_rulebooks(session)
    await register_pool(session)


def create_app(settings: Settings) -> FastAPI:
    return build_application(
        service="evaluation",
        title="Peiyu 培育 · evaluation 评判",
        settings=settings,
        routers=(
            facts,
            assessments,
            impact,
            review_queue,
            review,
            selection,
            notices,
            own_judgements,
            appeals,
            public_notices,
            pool,
            support,
            performance,
            spot_checks,
            public_spot_checks,
            adjustments,
            adjustment_acts,
            exit_notices,
            pool_history,
            programmes,
            figures,
        ),
        at_start=register_province,
    )


def application() -> FastAPI:
    """Factory for uvicorn: settings from the environment."""
    app = create_app(from_environment(Settings))
    settle_collector()
    return app
