"""`exits`: from the commit of a misconduct exit to the superseding edition at a bank, and to a hundred banks' webhooks.

The whole system runs as `peiyu up` would start it, in processes of its own; the receiver of the webhooks is this process.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import time
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING

import asyncpg
import httpx
from rich.console import Console
from rich.table import Table

from services.demo.invented_identifiers import invented_uscc
from services.local.system import local_system
from shared import outbox
from shared.db import open_database
from shared.events import PoolAdjusted
from shared.models.base import new_id
from shared.reference.province import province
from shared.security.keys import load_key
from shared.security.tokens import TokenAuthority, actor_of_role

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from services.local.system import LocalSystem
    from shared.db import Database

MEMBERS, BANKS, EXITS = 500, 100, 40
PATIENCE_SECONDS = 60.0
_PLAN = """
    INSERT INTO selection_plan (id, cycle_id, pool_code, status, inputs_digest, summary, valid_until, proposed_by,
                                approved_by, approved_at, committed_by, committed_at)
    VALUES ($1, $1, $2, 'committed', '', '{}', '9999-12-31', 'planner', 'second', now(), 'planner', now())
"""
_ADJUSTMENT = """
    INSERT INTO adjustment_plan (id, pool_code, judged_on, rules_digest, status, inputs_digest, summary, credits,
                                 valid_until, proposed_by, approved_by, approved_at, committed_by, committed_at)
    VALUES ($1, $2, '2024-06-06', 'by hand', 'committed', '', '{}', '[]', '9999-12-31', 'planner', 'second', now(),
            'planner', now())
"""
_RULES = """
    INSERT INTO adjustment_rules (digest, rules_id, effective_from, text)
    VALUES ('by hand', 'by hand', '2024-06-06', '') ON CONFLICT (digest) DO NOTHING
"""


@dataclass(slots=True)
class Arrivals:
    """When each address was told of each serial, in seconds of the performance counter; `whole` once all were."""

    at: dict[int, dict[str, float]] = field(default_factory=dict[int, dict[str, float]])
    whole: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""


@asynccontextmanager
async def _receiving() -> AsyncGenerator[Arrivals]:
    """An HTTP/1.1 server that notes path and serial and answers 204; it costs less than what it measures."""
    arrivals = Arrivals()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").split("\r\n")
                length = next(int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length"))
                message = json.loads(await reader.readexactly(length))
                told = arrivals.at.setdefault(message["data"].get("serial", 0), {})
                told.setdefault(lines[0].split()[1], time.perf_counter())
                if len(told) == BANKS:
                    arrivals.whole.set()
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        arrivals.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield arrivals


async def _fill(connection: asyncpg.Connection, arrivals: Arrivals) -> None:
    """A pool of one committed plan, and banks that subscribed to its list with an address each."""
    plan_id, pool = uuid.uuid4(), province().pool_code
    codes = [invented_uscc("420106", "A", number) for number in range(MEMBERS)]
    await connection.copy_records_to_table(
        "enterprise",
        records=[(uuid.uuid4(), code, f"【虚构】{code}", "420106", "420100") for code in codes],
        columns=["id", "uscc", "name", "division_code", "city_code"],
    )
    await connection.execute("SET session_replication_role = replica")  # what guards members is measured elsewhere
    await connection.execute(_PLAN, plan_id, pool)
    await connection.execute(_RULES)
    await connection.execute(
        "INSERT INTO membership (id, pool_code, uscc, city_code, during, plan_id) "
        "SELECT gen_random_uuid(), $1, code, '420100', tstzrange(now(), NULL), $2 FROM unnest($3::text[]) AS code",
        pool,
        plan_id,
        codes,
    )
    banks = [f"bank-{number:03d}" for number in range(BANKS)]
    await connection.executemany(
        "INSERT INTO api_client (id, client_id, name, role, secret_hash) "
        "VALUES (gen_random_uuid(), $1, '【虚构】银行', 'bank', '')",
        [(bank,) for bank in banks],
    )
    await connection.executemany(
        "INSERT INTO list_subscription (programme_code, client_id, granted_by) VALUES ($1, $2, 'bench')",
        [(province().list_programmes[0].code, bank) for bank in banks],
    )
    await connection.executemany(
        "INSERT INTO webhook_endpoint (id, client_id, url, secret) VALUES ($1, $2, $3, $4)",
        [(new_id(), bank, f"{arrivals.url}/{bank}", "whsec_" + "A" * 32) for bank in banks],
    )
    await connection.execute("SET session_replication_role = origin")


async def _adjust(connection: asyncpg.Connection, database: Database, uscc: str | None) -> float:
    """End a stay as a committed adjustment does, and tell of it; when that was committed."""
    plan_id, pool = uuid.uuid4(), province().pool_code
    if uscc is not None:
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute(_ADJUSTMENT, plan_id, pool)
            await connection.execute(
                "UPDATE membership SET during = tstzrange(lower(during), now()), ended_reason = $1, ended_by_plan = $2 "
                "WHERE uscc = $3",
                province().programmes.recall_reasons[0],
                plan_id,
                uscc,
            )
    async with database.sessions.begin() as session:
        await outbox.publish(session, PoolAdjusted(plan_id=plan_id, pool_code=pool))
    return time.perf_counter()


async def _visible(client: httpx.AsyncClient, path: str, serial: int) -> float:
    """When a bank that asks again and again is first given this serial."""
    tag = ""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            answer = await client.get(path, headers={"If-None-Match": tag} if tag else {})
            if answer.is_success:
                if answer.json()["serial"] >= serial:
                    return time.perf_counter()
                tag = answer.headers["ETag"]
            await asyncio.sleep(0.002)


async def _measure(system: LocalSystem) -> tuple[list[float], list[float]]:
    settings = system.owner
    database = open_database(settings, "evaluation")
    plain = settings.database_url.get_secret_value().replace("+asyncpg", "")
    connection = await asyncpg.connect(plain)
    authority = TokenAuthority(
        load_key(settings.token_key_file), issuer=settings.token_issuer, audience=settings.token_audience
    )
    token = authority.issue(actor_of_role("bank-000", "bank"), timedelta(hours=1))
    path = f"/v1/lists/{province().list_programmes[0].code}/editions/latest"
    seen: list[float] = []
    delivered: list[float] = []
    bearer = {"Authorization": f"Bearer {token}"}
    async with _receiving() as arrivals, httpx.AsyncClient(base_url=system.urls["finance"], headers=bearer) as client:
        await _fill(connection, arrivals)
        for number in range(EXITS + 1):
            serial = number + 1
            leaver = None if number == 0 else invented_uscc("420106", "A", number)
            committed = await _adjust(connection, database, leaver)
            visible = await _visible(client, path, serial)
            async with asyncio.timeout(PATIENCE_SECONDS):
                await arrivals.whole.wait()
            arrivals.whole.clear()
            if number:
                seen.append(visible - committed)
                delivered += [at - committed for at in arrivals.at[serial].values()]
    await connection.close()
    await database.close()
    return seen, delivered


def main() -> None:
    home = Path(".peiyu") / "bench-exits"
    shutil.rmtree(home, ignore_errors=True)
    allowed = {"PEIYU_WEBHOOK_ALLOWED_NETWORKS": '["127.0.0.0/8"]'}
    with local_system(home, durable=False, further=allowed) as system:
        seen, delivered = asyncio.run(_measure(system))
    shutil.rmtree(home)
    table = Table(title=f"exits: seconds since the commit of a misconduct exit; {MEMBERS} members, {BANKS} banks")
    for heading in ("until", "samples", "p50", "p99", "longest"):
        table.add_column(heading, justify="right")
    for name, seconds in (("the new edition is pulled", seen), ("a webhook has told of it", delivered)):
        cuts = quantiles(seconds, n=100, method="inclusive")
        table.add_row(name, str(len(seconds)), f"{cuts[49]:.3f}", f"{cuts[98]:.3f}", f"{max(seconds):.3f}")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
