"""Compose the intake service's HTTP application."""

from __future__ import annotations

import httpx
from fastapi import FastAPI

from services.intake.applications.check_routes import router as checks
from services.intake.applications.evaluation_client import evaluation_client
from services.intake.applications.routes import router as applications
from services.intake.cycles.routes import router as cycles
from services.intake.imports.routes import router as imports
from shared.settings import Settings, from_environment
from shared.web.application import build_application


def create_app(settings: Settings, *, evaluation: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    """`evaluation` reaches the evaluation service otherwise than over the network."""
    return build_application(
        service="intake",
        title="Peiyu 培育 · intake 申报",
        settings=settings,
        routers=(cycles, applications, checks, imports),
        held={"evaluation": lambda: evaluation_client(settings, evaluation)},
        # Multipart wraps the file in a few hundred bytes.
        body_limits={":importWorkbook": settings.max_workbook_bytes + 16_384},
    )


def application() -> FastAPI:
    """Factory for uvicorn: settings from the environment."""
    return create_app(from_environment(Settings))
