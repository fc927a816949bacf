"""Start the whole system under one supervisor and say where its parts answer."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.local.databases import SERVICES, prepare_database
from services.local.process import OnEvent
from services.local.supervisor import ProcessSpec, Supervisor, answers_http, embedded_server
from shared.embedded import free_port, prepare_postgres, prepare_valkey
from shared.embedded.children import port_is_free
from shared.schema import migrate
from shared.security.keys import create_key
from shared.settings import Settings, settings_of

API_PORTS = {"intake": 8001, "evaluation": 8002, "finance": 8003}
UVICORN = (
    "-m",
    "uvicorn",
    "--factory",
    "--host",
    "127.0.0.1",
    "--log-level",
    "warning",
    "--no-access-log",
    "--no-proxy-headers",
)


@dataclass(frozen=True, slots=True)
class LocalSystem:
    """`urls` are the services' base URLs; `owner` the settings of the database's owner (CLI and checks)."""

    home: Path
    urls: dict[str, str]
    owner: Settings
    supervisor: Supervisor


@contextmanager
def local_system(
    home: Path,
    *,
    durable: bool = True,
    resend_seconds: float = 15.0,
    further: Mapping[str, str] | None = None,
    on_event: OnEvent | None = None,
) -> Generator[LocalSystem]:
    """Everything up and ready inside the block. `PEIYU_DATABASE_URL` and `PEIYU_REDIS_URL` replace the embedded servers.

    `further` settings by their names in the environment; what the environment itself sets goes before them.
    """
    home = home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    with Supervisor(home, on_event=on_event) as supervisor:
        redis_url = _redis_url(supervisor, home)
        database_urls = _database_urls(supervisor, home, durable=durable)
        env = {**(further or {}), **_environment(home, redis_url, resend_seconds)}
        urls = {service: f"http://127.0.0.1:{_port(service, port, on_event)}" for service, port in API_PORTS.items()}
        env["PEIYU_EVALUATION_URL"] = urls["evaluation"]
        supervisor.start(
            [
                *(_api(service, url, env | _database(database_urls[service])) for service, url in urls.items()),
                *(_worker(service, env | _database(database_urls[service])) for service in urls),
                _process("relay", ("-m", "shared.relay"), env | _database(database_urls["relay"])),
            ]
        )
        owner = env | _database(database_urls["owner"])
        _write_environment(home / "secrets" / "operator.env", owner)
        yield LocalSystem(home, urls, settings_of(owner), supervisor)


def _redis_url(supervisor: Supervisor, home: Path) -> str:
    if given := os.environ.get("PEIYU_REDIS_URL"):
        return given
    valkey = prepare_valkey(home)
    supervisor.start([embedded_server(valkey)])
    return valkey.url()


def _database_urls(supervisor: Supervisor, home: Path, *, durable: bool) -> dict[str, str]:
    if given := os.environ.get("PEIYU_DATABASE_URL"):
        asyncio.run(migrate(given))
        return dict.fromkeys((*SERVICES, "owner"), given)
    postgres = prepare_postgres(home, durable=durable)
    supervisor.start([embedded_server(postgres)])
    return asyncio.run(prepare_database(postgres, "peiyu", home))


def _environment(home: Path, redis_url: str, resend_seconds: float) -> dict[str, str]:
    keys = {name: home / "secrets" / f"{name}-key.pem" for name in ("token", "list")}
    for path in keys.values():
        create_key(path)
    return {
        "PEIYU_TOKEN_KEY_FILE": str(keys["token"]),
        "PEIYU_LIST_KEY_FILE": str(keys["list"]),
        "PEIYU_DOCS_ENABLED": "true",
        "PEIYU_OUTBOX_RESEND_SECONDS": str(resend_seconds),
        "PEIYU_ATTACHMENTS_URL": (home / "attachments").as_uri(),
        **os.environ,
        "PEIYU_REDIS_URL": redis_url,
    }


def _database(url: str) -> dict[str, str]:
    return {"PEIYU_DATABASE_URL": url}


def _write_environment(path: Path, env: dict[str, str]) -> None:
    """What an operator's shell needs to use `peiyu` on this system: `set -a; . FILE`."""
    names = (
        "PEIYU_DATABASE_URL",
        "PEIYU_REDIS_URL",
        "PEIYU_TOKEN_KEY_FILE",
        "PEIYU_LIST_KEY_FILE",
        "PEIYU_ATTACHMENTS_URL",
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{name}={shlex.quote(env[name])}\n" for name in names)


def _port(service: str, preferred: int, on_event: OnEvent | None) -> int:
    """The usual port, or any free one, with a word about it, where something else has it."""
    if port_is_free(preferred):
        return preferred
    other = free_port()
    if on_event is not None:
        on_event(f"{service}-api", f"answers on port {other}: {preferred} is taken")
    return other


def _api(service: str, url: str, env: dict[str, str]) -> ProcessSpec:
    arguments = (*UVICORN, "--port", url.rpartition(":")[2], f"services.{service}.app:application")
    return _process(f"{service}-api", arguments, env, url=url)


def _worker(service: str, env: dict[str, str]) -> ProcessSpec:
    return _process(f"{service}-worker", ("-m", f"services.{service}.worker"), env)


def _process(name: str, arguments: tuple[str, ...], env: dict[str, str], *, url: str | None = None) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        command=(sys.executable, *arguments),
        env=env,
        ready=answers_http(f"{url}/health/ready") if url else None,
        url=f"{url}/docs" if url else None,
    )
