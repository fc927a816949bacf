"""`submit`: single applications over HTTP with 32 connections, next to a bare handler inserting the same body.

Both are one uvicorn process over the same PostgreSQL, measured in turn within one run.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from statistics import median

import asyncpg
from rich.console import Console
from rich.table import Table

from benchmarks.http_client import Load, request, send_all
from benchmarks.servers import bench_settings, serving
from services.demo.invented_enterprises import invented_forms
from shared.models.base import new_id
from shared.security.keys import load_key
from shared.security.tokens import TokenAuthority, actor_of_role
from shared.settings import Settings

CONNECTIONS = 32
ROUNDS, PER_ROUND = 5, 1_000
_CYCLE = "bench"


async def _prepare(url: str) -> None:
    connection = await asyncpg.connect(url)
    now = datetime.now(UTC)
    await connection.execute(
        "INSERT INTO cycle (id, code, title, rulebook_id, rulebook_digest, opens_at, closes_at, assessed_on) "
        "VALUES ($1, $2, 'bench', 'bench', 'bench', $3, $4, $5)",
        new_id(),
        _CYCLE,
        now - timedelta(days=1),
        now + timedelta(days=1),
        now.date(),
    )
    await connection.execute("CREATE TABLE bare (id bigserial PRIMARY KEY, payload jsonb NOT NULL)")
    await connection.close()


def _requests(settings: Settings) -> tuple[list[bytes], list[bytes]]:
    authority = TokenAuthority(
        load_key(settings.token_key_file), issuer=settings.token_issuer, audience=settings.token_audience
    )
    ours, bare = [], []
    for form in invented_forms(1, ROUNDS * PER_ROUND + CONNECTIONS):
        actor = actor_of_role(form["uscc"], "enterprise", uscc=form["uscc"])
        headers = {
            "Authorization": f"Bearer {authority.issue(actor, timedelta(hours=1))}",
            "Idempotency-Key": form["uscc"],
        }
        body = json.dumps(form, ensure_ascii=False).encode()
        ours.append(request(f"/v1/cycles/{_CYCLE}/applications", headers, body))
        bare.append(request("/bare", {}, body))
    return ours, bare


def _checked(load: Load) -> float:
    if set(load.statuses) != {201}:
        raise RuntimeError(f"answers other than 201: {dict(load.statuses)}")
    return load.per_second


async def _measure(ours_port: int, bare_port: int, ours: list[bytes], bare: list[bytes]) -> list[tuple[float, float]]:
    for port, requests in ((ours_port, ours), (bare_port, bare)):
        _checked(await send_all(port, requests[-CONNECTIONS:], connections=CONNECTIONS))
    found: list[tuple[float, float]] = []
    for start in range(0, ROUNDS * PER_ROUND, PER_ROUND):
        batch = slice(start, start + PER_ROUND)
        mine = _checked(await send_all(ours_port, ours[batch], connections=CONNECTIONS))
        floor = _checked(await send_all(bare_port, bare[batch], connections=CONNECTIONS))
        found.append((mine, floor))
    return found


def main() -> None:
    with bench_settings("submit") as (settings, urls):
        plain = urls["owner"].replace("+asyncpg", "")
        asyncio.run(_prepare(plain))
        env = {
            "PEIYU_DATABASE_URL": urls["intake"],
            "PEIYU_REDIS_URL": settings.redis_url.get_secret_value(),
            "PEIYU_TOKEN_KEY_FILE": str(settings.token_key_file),
            "PEIYU_LIST_KEY_FILE": str(settings.list_key_file),
        }
        ours, bare = _requests(settings)
        with (
            serving("services.intake.app:application", "/health/ready", env) as ours_port,
            serving("benchmarks.bare_app:application", "/openapi.json", {"BENCH_DATABASE_URL": plain}) as bare_port,
        ):
            found = asyncio.run(_measure(ours_port, bare_port, ours, bare))
    table = Table(title=f"submit: applications per second, {CONNECTIONS} connections (target: at least 25 % of bare)")
    for heading in ("round", "Peiyu", "bare FastAPI + asyncpg", "share"):
        table.add_column(heading, justify="right")
    for number, (mine, floor) in enumerate(found, start=1):
        table.add_row(str(number), f"{mine:.0f}", f"{floor:.0f}", f"{mine / floor:.1%}")
    shares = median(mine / floor for mine, floor in found)
    table.add_row("median", f"{median(m for m, _ in found):.0f}", f"{median(f for _, f in found):.0f}", f"{shares:.1%}")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
