"""The three services in this process over an embedded database, under a clock that the simulation puts."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from collections.abc import AsyncGenerator, Generator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import structlog
from pydantic import SecretStr

from services.evaluation import app as evaluation_app
from services.evaluation.worker import HANDLERS as EVALUATION_HANDLERS
from services.finance import app as finance_app
from services.finance.worker import HANDLERS as FINANCE_HANDLERS
from services.intake import app as intake_app
from services.intake.worker import HANDLERS as INTAKE_HANDLERS
from services.local.databases import prepare_database
from shared import calendar
from shared.db import Database, open_database
from shared.embedded import prepare_postgres, prepare_valkey, running
from shared.queue import Handler, build_worker, open_queue, queue_name
from shared.reference.divisions import cities
from shared.reference.province import province
from shared.relay import relay_once
from shared.security.keys import create_key
from shared.security.officers import officer
from shared.security.tokens import TokenAuthority, actor_of_role
from shared.settings import Settings
from shared.working_days import weekdays_assumed

_HANDLERS: Mapping[str, Mapping[str, Handler]] = {
    "intake": INTAKE_HANDLERS,
    "evaluation": EVALUATION_HANDLERS,
    "finance": FINANCE_HANDLERS,
}
_TOKEN_LIFE = timedelta(hours=8)


class SimulationError(RuntimeError):
    """The system answered what no year of the programme expects, or an invariant does not hold."""


class Clock:
    """Business time: put to a day, it runs on by a millisecond with every reading, and never back."""

    def __init__(self, day: date) -> None:
        self._moment = datetime.combine(day, time(9), province().time_zone)

    def __call__(self) -> datetime:
        self._moment += timedelta(milliseconds=1)
        return self._moment

    def put(self, day: date) -> None:
        """Nine in the morning of a later day."""
        later = datetime.combine(day, time(9), province().time_zone)
        if later < self._moment:
            raise SimulationError(f"the clock stands at {self._moment}, after {day}")
        self._moment = later

    @property
    def today(self) -> date:
        """The business date, without moving the clock."""
        return calendar.business_date(self._moment)


@dataclass
class World:
    """Everything a year needs: people's tokens, HTTP without a socket, the relay and workers, the owner's connection."""

    clock: Clock
    settings: dict[str, Settings]
    clients: dict[str, httpx.AsyncClient]
    databases: dict[str, Database]
    relay: Database
    authority: TokenAuthority
    owner: asyncpg.Connection
    _keys: int = 0

    def officer(self, subject: str, role: str, city: str | None = None) -> str:
        """A token of an officer under this name."""
        return self.authority.issue(officer(subject, role, city_code=city), _TOKEN_LIFE)

    def enterprise(self, uscc: str) -> str:
        """A token of an enterprise."""
        return self.authority.issue(actor_of_role(f"enterprise-{uscc}", "enterprise", uscc=uscc), _TOKEN_LIFE)

    @property
    def planner(self) -> str:
        """Who plans and commits for the province."""
        return self.officer("planner", "province_officer")

    @property
    def approver(self) -> str:
        """The second person of the province."""
        return self.officer("approver", "province_officer")

    def city(self, code: str) -> str:
        """An officer of a city."""
        return self.officer(f"officer-{code}", "city_officer", code)

    async def call(self, service: str, method: str, path: str, token: str, **request: Any) -> Any:
        """The body of a successful answer; SimulationError with the problem document otherwise."""
        self._keys += 1
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"simulated-{self._keys}"}
        headers |= request.pop("headers", {})
        answer = await self.clients[service].request(method, path, headers=headers, **request)
        if not answer.is_success:
            raise SimulationError(f"{self.clock.today} {method} {path}: {answer.status_code} {answer.text[:600]}")
        return answer.json() if answer.content else None

    async def pages(self, service: str, path: str, token: str, **params: Any) -> list[dict[str, Any]]:
        """All items behind a cursor."""
        items: list[dict[str, Any]] = []
        cursor: Any = None
        while True:
            query = {**params, "limit": 500} | ({} if cursor is None else {"cursor": cursor})
            page = await self.call(service, "GET", path, token, params=query)
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    async def drain(self) -> None:
        """Relay and work until no event is due."""
        queue = await open_queue(self.settings["relay"])
        try:
            while await relay_once(self.relay, queue, self.settings["relay"]):
                for service, handlers in _HANDLERS.items():
                    if await queue.zcard(queue_name(service)):
                        settings, database = self.settings[service], self.databases[service]
                        worker = build_worker(service, handlers, settings, burst=True, database=database)
                        await worker.async_run()
                        await worker.close()
        finally:
            await queue.aclose()


@contextmanager
def _folder(home: Path | None) -> Generator[Path]:
    """A folder of the simulation's own, which is gone afterwards."""
    if home is not None:
        home.mkdir(parents=True, exist_ok=True)
    base = tempfile.mkdtemp(prefix="simulation-", dir=home)
    try:
        yield Path(base).resolve()
    finally:
        shutil.rmtree(base, ignore_errors=True)


@asynccontextmanager
async def simulated_world(home: Path, begins: date) -> AsyncGenerator[World]:
    """A fresh system whose clock stands at the morning of `begins`; its data is gone when the block ends."""
    clock = Clock(begins)
    with (
        _folder(home) as folder,
        running(prepare_postgres(folder, durable=False)) as postgres,
        running(prepare_valkey(folder)) as valkey,
        calendar.clock(clock),
        weekdays_assumed(),
    ):
        urls = await prepare_database(postgres, "simulation", folder)
        settings = _settings(folder, urls, valkey.url())
        async with AsyncExitStack() as stack:
            clients, databases, authority = await _services(stack, settings)
            relay = open_database(settings["relay"], "relay")
            stack.push_async_callback(relay.close)
            owner = await asyncpg.connect(urls["owner"].replace("+asyncpg", ""))
            stack.push_async_callback(owner.close)
            yield World(clock, settings, clients, databases, relay, authority, owner)


def _settings(folder: Path, urls: Mapping[str, str], redis_url: str) -> dict[str, Settings]:
    for name in ("token", "list"):
        create_key(folder / "secrets" / f"{name}-key.pem")
    common = Settings.model_validate(
        {
            "database_url": urls["owner"],
            "redis_url": redis_url,
            "token_key_file": folder / "secrets" / "token-key.pem",
            "list_key_file": folder / "secrets" / "list-key.pem",
            "attachments_url": (folder / "attachments").as_uri(),
            "evaluation_url": "http://evaluation",
            "notice_working_days": 0,
            "notice_basis": "模拟：不设公示期限",
            "log_json": True,
        }
    )
    return {name: common.model_copy(update={"database_url": SecretStr(url)}) for name, url in urls.items()}


async def _services(
    stack: AsyncExitStack, settings: Mapping[str, Settings]
) -> tuple[dict[str, httpx.AsyncClient], dict[str, Database], TokenAuthority]:
    evaluation = evaluation_app.create_app(settings["evaluation"])
    next_door = httpx.ASGITransport(app=evaluation)
    apps = {
        "evaluation": evaluation,
        "finance": finance_app.create_app(settings["finance"]),
        "intake": intake_app.create_app(settings["intake"], evaluation=next_door),
    }
    clients: dict[str, httpx.AsyncClient] = {}
    for name, app in apps.items():
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url=f"http://{name}")
        clients[name] = await stack.enter_async_context(client)
    # Years pass in seconds: only what goes wrong is worth a line.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    databases = {name: app.state.database for name, app in apps.items()}
    return clients, databases, apps["intake"].state.tokens


async def each(acts: Iterable[Any], *, at_once: int = 4) -> None:
    """Await them all, a few at a time."""
    gate = asyncio.Semaphore(at_once)

    async def one(act: Any) -> None:
        async with gate:
            await act

    await asyncio.gather(*(one(act) for act in acts))


def city_codes() -> list[str]:
    """The codes of all cities, in their order."""
    return [one.code for one in cities()]
