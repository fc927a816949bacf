"""Compose the finance service's HTTP application."""

from __future__ import annotations

from fastapi import FastAPI

from services.finance.lists.programmes import register_programmes
from services.finance.lists.routes import router as lists
from shared.settings import Settings, from_environment
from shared.web.application import build_application


def create_app(settings: Settings) -> FastAPI:
    return build_application(
        service="finance",
        title="Peiyu 培育 · finance 金融",
        settings=settings,
        routers=(lists,),
        at_start=register_programmes,
    )


def application() -> FastAPI:
    """Factory for uvicorn: settings from the environment."""
    return create_app(from_environment(Settings))
