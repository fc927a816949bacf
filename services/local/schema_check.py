"""Compare models and migrations on an empty embedded server."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from services.local.databases import create_database
from shared.embedded import prepare_postgres, running
from shared.schema import check_models_match, migrate


def check_on_embedded_server(home: Path) -> None:
    """Migrate from nothing to head and let Alembic look for differences; CommandError names them."""
    shutil.rmtree(home, ignore_errors=True)
    with running(prepare_postgres(home, durable=False)) as server:
        url = server.url(database="schema_check")

        async def check() -> None:
            await create_database(server, "schema_check")
            await migrate(url)
            await check_models_match(url)

        asyncio.run(check())
    shutil.rmtree(home, ignore_errors=True)
