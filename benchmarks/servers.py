"""An embedded PostgreSQL with the migrated schema, for one benchmark; not durable, so that discs differ less."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from services.local.databases import prepare_database
from services.local.process import answers_http
from services.local.system import UVICORN
from shared.embedded import free_port, prepare_postgres, running
from shared.security.keys import create_key
from shared.settings import Settings


@contextmanager
def bench_settings(name: str) -> Generator[tuple[Settings, dict[str, str]]]:
    """Settings of the database's owner, and the URL of each service's login."""
    home = Path(".peiyu").resolve() / f"bench-{name}"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    for key in ("token", "list"):
        create_key(home / "secrets" / f"{key}-key.pem")
    with running(prepare_postgres(home, durable=False)) as server:
        urls = asyncio.run(prepare_database(server, "bench", home))
        yield (
            Settings.model_validate(
                {
                    "database_url": urls["owner"],
                    "redis_url": "redis://127.0.0.1:1",
                    "token_key_file": home / "secrets" / "token-key.pem",
                    "list_key_file": home / "secrets" / "list-key.pem",
                }
            ),
            urls,
        )
    shutil.rmtree(home)


@contextmanager
def serving(target: str, ready: str, env: dict[str, str]) -> Generator[int]:
    """The port of one uvicorn process with the application that the factory `target` makes, once it answers `ready`."""
    port = free_port()
    command = [sys.executable, *UVICORN, "--port", str(port), target]
    process = subprocess.Popen(command, env={**os.environ, **env})  # noqa: S603 (our own modules)
    try:
        check = answers_http(f"http://127.0.0.1:{port}{ready}")
        while not check():
            if process.poll() is not None:
                raise RuntimeError(f"{target} ended with {process.returncode}")
        yield port
    finally:
        process.terminate()
        process.wait()
