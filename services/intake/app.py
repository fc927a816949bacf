"""Compose the intake service's HTTP application."""

from __future__ import annotations

import httpx
from fastapi import FastAPI

from services.intake.applications.check_routes import router as checks
from services.intake.applications.decision_routes import router as decisions
from services.intake.applications.draft_routes import router as drafts
from services.intake.applications.evaluation_client import evaluation_client
from services.intake.applications.record_routes import router as records
from services.intake.applications.routes import router as applications
from services.intake.attachments.routes import router as attachments
from services.intake.attachments.storage import open_store
from services.intake.cycles.routes import router as cycles
from services.intake.enterprises.routes import router as enterprises
from services.intake.exports.routes import router as exports
from services.intake.imports.routes import router as imports
from services.intake.incidents.routes import router as incidents
from services.intake.national.batch_routes import router as national_batches
from services.intake.national.file_routes import router as national_files
from services.intake.national.routes import router as national
from services.intake.national.tasks import wake_if_due
from services.intake.reports.major_problem_routes import router as major_problems
from services.intake.reports.routes import router as reports
from shared.garbage import settle_collector
from shared.settings import Settings, from_environment
from shared.web.application import build_application


def create_app(settings: Settings, *, evaluation: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    """`evaluation` reaches the evaluation service otherwise than over the network."""
    app = build_application(
        service="intake",
        title="Peiyu 培育 · intake 申报",
        settings=settings,
        routers=(
            # Routes are tried in order: the busiest come first.
            applications,
            drafts,
            decisions,
            records,
            enterprises,
            cycles,
            checks,
            attachments,
            imports,
            reports,
            major_problems,
            incidents,
            national_batches,
            national_files,
            national,
            exports,
        ),
        body_limits={
            # Multipart wraps the file in a few hundred bytes.
            ":importWorkbook": settings.max_workbook_bytes + 16_384,
            "applications:import": settings.max_import_bytes,
            "/attachments": settings.max_attachment_bytes,
            "/national/batches": settings.national_max_batch_bytes,
            "/national/result-files": settings.national_max_batch_bytes,
            "/national/listing-files": settings.national_max_batch_bytes,
        },
        # What waited while there was no line, or no process.
        at_start=lambda session: wake_if_due(session, settings),
        held={"evaluation": lambda: evaluation_client(settings, evaluation)},
    )
    app.state.attachment_store = open_store(settings)
    return app


def application() -> FastAPI:
    """Factory for uvicorn: settings from the environment."""
    app = create_app(from_environment(Settings))
    settle_collector()
    return app
