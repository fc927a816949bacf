"""`figures`: what a dashboard's poll costs: the figure itself, 304 where nothing changed, and a plain count(*), in one run.

All are sent one after the other to the application in this process; `count(*)` is asyncpg's own, of the table that most
of the figure's rows are in. A figure is asked for by the province, which has the most rows.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from statistics import median

import asyncpg
import httpx
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from benchmarks.servers import bench_settings
from benchmarks.stored_pool import CYCLE, fill
from services.evaluation.app import create_app
from shared.security.keys import load_key
from shared.security.officers import officer
from shared.security.tokens import TokenAuthority
from shared.settings import Settings

APPLICATIONS, MEMBERS = 50_000, 500
REPETITIONS = 15
_ASKED = (
    (f"/funnel?cycle={CYCLE}", "application"),
    *((f"/pool?by={one}", "membership") for one in ("city", "chain", "size", "qualification", "age")),
    ("/pool/series?from=2017-01-01", "membership"),
    ("/occupancy", "membership"),
    ("/deadlines?days=30", "application"),
    ("/reports-overdue", "membership"),
    ("/financing", "support_action"),
)


def _token(settings: Settings) -> str:
    key = load_key(settings.token_key_file)
    authority = TokenAuthority(key, issuer=settings.token_issuer, audience=settings.token_audience)
    return authority.issue(officer("bench", "province_officer"), timedelta(hours=1))


async def _milliseconds(ask: Callable[[], Awaitable[object]]) -> float:
    spent: list[float] = []
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        await ask()
        spent.append((time.perf_counter() - started) * 1000)
    return median(spent)


async def _measure(settings: Settings, urls: dict[str, str], applications: int) -> list[tuple[str, int, list[float]]]:
    await fill(urls["owner"], applications, MEMBERS)
    app = create_app(settings.model_copy(update={"database_url": SecretStr(urls["evaluation"])}))
    headers = {"Authorization": f"Bearer {_token(settings)}"}
    plain = await asyncpg.connect(urls["owner"].replace("+asyncpg", ""))
    found: list[tuple[str, int, list[float]]] = []
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://bench", headers=headers) as client,
    ):
        for asked, table in _ASKED:
            path, count = f"/v1/figures{asked}", f"SELECT count(*) FROM {table}"  # noqa: S608 (names from this file)
            first = (await client.get(path)).raise_for_status()
            told = first.json()
            total = told["total"] if "total" in told else told["points"][-1]["count"]
            held = {"If-None-Match": first.headers["ETag"]}

            async def figure(path: str = path) -> None:
                assert (await client.get(path)).status_code == 200

            async def unchanged(path: str = path, held: dict[str, str] = held) -> None:
                assert (await client.get(path, headers=held)).status_code == 304

            async def counted(count: str = count) -> None:
                await plain.fetchval(count)

            found.append((asked, total, [await _milliseconds(one) for one in (figure, unchanged, counted)]))
    await plain.close()
    return found


def main(applications: int = APPLICATIONS) -> None:
    with bench_settings("figures") as (settings, urls):
        found = asyncio.run(_measure(settings, urls, applications))
    table = Table(title=f"figures: {applications:,} applications, {MEMBERS} members and {MEMBERS} who left (median ms)")
    for heading in ("figure", "rows", "200", "304", "count(*)", "200 / count(*)", "304 / 200"):
        table.add_column(heading, justify="left" if heading == "figure" else "right")
    for asked, total, (figure, unchanged, counted) in found:
        table.add_row(
            asked,
            f"{total:,}",
            f"{figure:.1f}",
            f"{unchanged:.1f}",
            f"{counted:.1f}",
            f"{figure / counted:.1f}",
            f"{unchanged / figure:.0%}",
        )
    Console(width=120).print(table)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
