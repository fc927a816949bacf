"""Compose the intake service's HTTP application."""

from __future__ import annotations

from fastapi import FastAPI

from services.intake.applications.routes import router as applications
from services.intake.cycles.routes import router as cycles
from services.intake.exports.routes import router as exports
from services.intake.imports.routes import router as imports
from shared.settings import Settings, from_environment
from shared.web.application import build_application


def create_app(settings: Settings) -> FastAPI:
    return build_application(
        service="intake",
        title="Peiyu 培育 · intake 申报",
        settings=settings,
        routers=(cycles, applications, imports, exports),
        # Multipart wraps the file in a few hundred bytes.
        body_limits={":importWorkbook": settings.max_workbook_bytes + 16_384},
    )


def application() -> FastAPI:
    """Factory for uvicorn: settings from the environment."""
    return create_app(from_environment(Settings))
