"""Compose the intake service's HTTP application."""

from __future__ import annotations

from fastapi import FastAPI

from services.intake.applications.routes import router as applications
from services.intake.cycles.routes import router as cycles
from services.intake.imports.routes import router as imports
from services.intake.national.batch_routes import router as national_batches
from services.intake.national.file_routes import router as national_files
from services.intake.national.routes import router as national
from services.intake.national.tasks import wake_if_due
from shared.settings import Settings, from_environment
from shared.web.application import build_application


def create_app(settings: Settings) -> FastAPI:
    return build_application(
        service="intake",
        title="Peiyu 培育 · intake 申报",
        settings=settings,
        routers=(cycles, applications, imports, national_batches, national_files, national),
        # Multipart wraps the file in a few hundred bytes.
        body_limits={
            ":importWorkbook": settings.max_workbook_bytes + 16_384,
            "/national/batches": settings.national_max_batch_bytes,
            "/national/result-files": settings.national_max_batch_bytes,
            "/national/listing-files": settings.national_max_batch_bytes,
        },
        # What waited while there was no line, or no process.
        at_start=lambda session: wake_if_due(session, settings),
    )


def application() -> FastAPI:
    """Factory for uvicorn: settings from the environment."""
    return create_app(from_environment(Settings))
