"""`pull`: a list pulled whole and asked after (304), next to a bare Starlette application answering the same requests with
the same bytes.

Also what publishing an edition takes, and a delta of 100 changes on either size of list.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median

import asyncpg
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from benchmarks.bare_list import BODY_VARIABLE, PATH_VARIABLE, TAG_VARIABLE
from benchmarks.http_client import Load, get, send_all
from benchmarks.servers import bench_settings, serving
from services.demo.invented_identifiers import invented_uscc
from services.finance.lists.deltas import delta
from services.finance.lists.programmes import register_programmes
from services.finance.lists.publication import Cause, publish_edition
from shared.db import open_database
from shared.models.base import new_id
from shared.models.finance import Edition, ListProgramme
from shared.reference.province import province
from shared.security.actor import Actor
from shared.security.keys import load_key
from shared.security.tokens import TokenAuthority, actor_of_role
from shared.settings import Settings

SIZES = (500, 100_000)
CHANGES = 100
CONNECTIONS, ROUNDS = 8, 5
_BANK = "bank-bench"
_SERIES = "ABCDEFGHJKLMN"
_PLAN = """
    INSERT INTO selection_plan (id, cycle_id, pool_code, status, inputs_digest, summary, valid_until, proposed_by,
                                approved_by, approved_at, committed_by, committed_at)
    VALUES ($1, $1, $2, 'committed', '', '{}', '9999-12-31', 'planner', 'second', now(), 'planner', now())
"""


@dataclass(frozen=True, slots=True)
class Published:
    """`first` and `second` are seconds per edition, `changes` the seconds of one delta, `body` the newest's bytes."""

    first: float
    second: float
    changes: float
    body: bytes


def _code(number: int) -> str:
    return invented_uscc("420106", _SERIES[number // 10_000], number % 10_000)


async def _fill(url: str, size: int) -> None:
    """A pool of `size` members of one committed plan, and a bank that may pull the list."""
    connection = await asyncpg.connect(url)
    plan_id, pool = uuid.uuid4(), province().pool_code
    codes = [_code(number) for number in range(size + CHANGES)]
    enterprises = [(uuid.uuid4(), code, f"【虚构】{code}", "420106", "420100") for code in codes]
    await connection.copy_records_to_table(
        "enterprise", records=enterprises, columns=["id", "uscc", "name", "division_code", "city_code"]
    )
    await connection.execute("SET session_replication_role = replica")  # what guards members is measured elsewhere
    await connection.execute(_PLAN, plan_id, pool)
    await _admit(connection, plan_id, codes[:size])
    await connection.execute(
        "INSERT INTO api_client (id, client_id, name, role, secret_hash) VALUES ($1, $2, '【虚构】银行', 'bank', '')",
        uuid.uuid4(),
        _BANK,
    )
    await connection.close()


async def _admit(connection: asyncpg.Connection, plan_id: uuid.UUID, codes: list[str]) -> None:
    await connection.execute(
        "INSERT INTO membership (id, pool_code, uscc, city_code, during, plan_id) "
        "SELECT gen_random_uuid(), $1, code, '420100', tstzrange(now(), NULL), $2 FROM unnest($3::text[]) AS code",
        province().pool_code,
        plan_id,
        codes,
    )


async def _change(url: str, size: int) -> None:
    """One hundred more members."""
    connection = await asyncpg.connect(url)
    await connection.execute("SET session_replication_role = replica")
    plan_id = await connection.fetchval("SELECT id FROM selection_plan")
    more = [_code(number) for number in range(size, size + CHANGES)]
    await _admit(connection, plan_id, more)
    await connection.close()


async def _publish(settings: Settings, url: str, size: int) -> Published:
    database = open_database(settings, "finance")
    key, seconds = load_key(settings.list_key_file), []
    async with database.sessions.begin() as session:
        await register_programmes(session)
    for _ in range(2):
        begun = time.perf_counter()
        async with database.sessions.begin() as session:
            programme = (await session.execute(select(ListProgramme).with_for_update())).scalars().first()
            assert programme is not None
            outcome = await publish_edition(session, programme, Cause(new_id()), key)
        seconds.append(time.perf_counter() - begun)
        if outcome.serial is None:
            raise RuntimeError("the edition was refused")
        if outcome.serial == 1:
            await _change(url, size)
    officer = Actor("bench", "province_officer", frozenset())
    begun = time.perf_counter()
    async with database.sessions.begin() as session:
        await delta(session, officer, province().list_programmes[0].code, 1, 2, key)
        changes = time.perf_counter() - begun
        body = (await session.execute(select(Edition.body).where(Edition.serial == 2))).scalar_one()
    await database.close()
    return Published(seconds[0], seconds[1], changes, body)


def _checked(load: Load, status: int) -> float:
    if set(load.statuses) != {status}:
        raise RuntimeError(f"answers other than {status}: {dict(load.statuses)}")
    return load.per_second


async def _pull(
    ours: int, bare: int, path: str, token: str, tag: str, count: int
) -> dict[int, list[tuple[float, float]]]:
    bearer = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
    asked = {
        200: get(path, bearer),
        304: get(path, bearer | {"If-None-Match": tag}),
    }
    found: dict[int, list[tuple[float, float]]] = {}
    for status, one in asked.items():
        many = count if status == 200 else max(count, 1_000)
        pairs = [
            (
                _checked(await send_all(ours, [one] * many, connections=CONNECTIONS), status),
                _checked(await send_all(bare, [one] * many, connections=CONNECTIONS), status),
            )
            for _ in range(ROUNDS + 1)
        ]
        found[status] = pairs[1:]
    return found


def _measure(size: int, table: Table, publishing: Table) -> None:
    with bench_settings(f"pull-{size}") as (settings, urls):
        plain = urls["owner"].replace("+asyncpg", "")
        asyncio.run(_fill(plain, size))
        made = asyncio.run(_publish(settings, plain, size))
        programme = asyncio.run(_subscribe(plain))
        file = Path(settings.list_key_file).parent / "body.json"
        file.write_bytes(made.body)
        env = {
            "PEIYU_DATABASE_URL": urls["finance"],
            "PEIYU_REDIS_URL": settings.redis_url.get_secret_value(),
            "PEIYU_TOKEN_KEY_FILE": str(settings.token_key_file),
            "PEIYU_LIST_KEY_FILE": str(settings.list_key_file),
        }
        authority = TokenAuthority(
            load_key(settings.token_key_file), issuer=settings.token_issuer, audience=settings.token_audience
        )
        token = authority.issue(actor_of_role(_BANK, "bank"), timedelta(hours=1))
        tag = f'"{asyncio.run(_digest(plain))}"'
        path = f"/v1/lists/{programme}/editions/latest"
        same = {BODY_VARIABLE: str(file), PATH_VARIABLE: path, TAG_VARIABLE: tag}
        with (
            serving("services.finance.app:application", "/health/ready", env) as ours,
            serving("benchmarks.bare_list:application", path, same) as bare,
        ):
            found = asyncio.run(_pull(ours, bare, path, token, tag, 500 if size <= 500 else 20))
    for status, pairs in found.items():
        mine, floor = median(one for one, _ in pairs), median(one for _, one in pairs)
        share = median(one / other for one, other in pairs)
        table.add_row(f"{size:,}", str(status), f"{mine:,.1f}", f"{floor:,.1f}", f"{share:.0%}")
    publishing.add_row(
        f"{size:,}",
        f"{len(made.body) / 1e6:.2f}",
        f"{made.first:.2f}",
        f"{made.second:.2f}",
        f"{made.changes * 1000:.0f}",
    )


async def _subscribe(url: str) -> str:
    connection = await asyncpg.connect(url)
    code = await connection.fetchval("SELECT programme_code FROM edition LIMIT 1")
    await connection.execute(
        "INSERT INTO list_subscription (programme_code, client_id, granted_by) VALUES ($1, $2, 'bench')", code, _BANK
    )
    await connection.close()
    return str(code)


async def _digest(url: str) -> str:
    connection = await asyncpg.connect(url)
    digest = await connection.fetchval("SELECT digest FROM edition ORDER BY serial DESC LIMIT 1")
    await connection.close()
    return str(digest)


def main() -> None:
    table = Table(title=f"pull: requests per second, {CONNECTIONS} connections (target: at least 70 % of bare)")
    for heading in ("entries", "status", "Peiyu", "bare Starlette", "share"):
        table.add_column(heading, justify="right")
    publishing = Table(title=f"publish: seconds until a signed edition can be pulled; delta of {CHANGES} changes")
    for heading in ("entries", "MB", "first s", f"{CHANGES} more s", "delta ms"):
        publishing.add_column(heading, justify="right")
    for size in SIZES:
        _measure(size, table, publishing)
    console = Console(width=120)
    console.print(table)
    console.print(publishing)


if __name__ == "__main__":
    main()
