"""Compose the finance service's HTTP application."""

from __future__ import annotations

import asyncpg
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.compensation.routes import router as compensation
from services.finance.consents.routes import router as consents
from services.finance.lists.check_routes import router as lookups
from services.finance.lists.decision_routes import router as publications
from services.finance.lists.file_routes import router as files
from services.finance.lists.programmes import register_programmes
from services.finance.lists.public_routes import router as keys
from services.finance.lists.queries import record_repeats
from services.finance.lists.record_routes import router as acknowledgements
from services.finance.lists.routes import router as lists
from services.finance.lists.signing_keys import register_key
from services.finance.matchmaking.act_routes import router as match_acts
from services.finance.matchmaking.decision_routes import router as match_plans
from services.finance.matchmaking.file_routes import router as match_files
from services.finance.matchmaking.notice_routes import router as match_notices
from services.finance.matchmaking.own_routes import router as own_matches
from services.finance.matchmaking.patent_routes import router as patent_pushes
from services.finance.matchmaking.record_routes import router as match_outcomes
from services.finance.matchmaking.routes import router as match_events
from services.finance.outcomes.routes import router as outcomes
from services.finance.patents.routes import router as patents
from services.finance.programmes.routes import router as proposals
from services.finance.webhooks.routes import router as webhooks
from shared.db import connect_to_listen
from shared.garbage import settle_collector
from shared.security.keys import load_key
from shared.settings import Settings, from_environment
from shared.web.application import build_application
from shared.web.hot_path import HotPathMiddleware
from shared.web.remembered import remembering


def create_app(settings: Settings) -> FastAPI:
    async def register(session: AsyncSession) -> None:
        """The province's programmes, and the key that this process signs answers with."""
        await register_programmes(session)
        await register_key(session, load_key(settings.list_key_file))

    async def connect() -> asyncpg.Connection:
        return await connect_to_listen(settings, "finance")

    app = build_application(
        service="finance",
        title="Peiyu 培育 · finance 金融",
        settings=settings,
        routers=(
            lists,
            files,
            lookups,
            keys,
            acknowledgements,
            publications,
            match_events,
            match_acts,
            match_plans,
            match_files,
            match_notices,
            match_outcomes,
            own_matches,
            patent_pushes,
            webhooks,
            proposals,
            outcomes,
            compensation,
            consents,
            patents,
        ),
        at_start=register,
        held={"remembered": lambda: remembering(connect, record_repeats, limit_bytes=settings.list_memory_bytes)},
    )
    # The last one added is the outermost.
    app.add_middleware(HotPathMiddleware, scope="lists:read")
    return app


def application() -> FastAPI:
    """Factory for uvicorn: settings from the environment."""
    app = create_app(from_environment(Settings))
    settle_collector()
    return app
