"""`peiyu attachments` as an operator runs it, and the sweep that the clock runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import asyncpg
import pytest
from click.testing import Result
from support.evidence import pdf
from support.forms import form
from support.system import System
from typer.testing import CliRunner

from services.cli import app
from shared.relay import look_at_clock
from shared.schedule import publish_due, schedules


@pytest.fixture
def peiyu(system: System, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run `peiyu attachments …` with the system's settings in the environment."""
    settings = system.settings["intake"]
    for name, value in (
        ("DATABASE_URL", settings.database_url.get_secret_value()),
        ("REDIS_URL", settings.redis_url.get_secret_value()),
        ("TOKEN_KEY_FILE", str(settings.token_key_file)),
        ("LIST_KEY_FILE", str(settings.list_key_file)),
        ("ATTACHMENTS_URL", settings.attachments_url),
    ):
        monkeypatch.setenv(f"PEIYU_{name}", value)

    async def run(*words: str) -> Result:
        # Commands start an event loop of their own.
        return await asyncio.to_thread(lambda: CliRunner().invoke(app, ["attachments", *words]))

    return run


def _stored(system: System) -> list[Path]:
    folder = Path(unquote(urlparse(system.settings["intake"].attachments_url).path))
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _digest(path: Path) -> str:
    """Folders are named by the first two characters."""
    return path.parent.name + path.name


async def _two_files_one_removed(system: System, owner: asyncpg.Connection) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what is kept, what was removed); nobody has written for longer than the grace."""
    await system.open_cycle()
    application = await system.submit(form(1))
    token = system.officer("o", "city_officer", "420100")
    path = f"/v1/applications/{application['id']}/attachments"
    kept, gone = [
        await system.ok("intake", "POST", path, token, content=pdf(name), params={"file_name": name})
        for name in ("kept.pdf", "gone.pdf")
    ]
    await system.ok("intake", "DELETE", f"/v1/attachments/{gone['id']}", token)
    await owner.execute("UPDATE stored_content SET needed_until = now() - interval '1 minute'")
    return kept, gone


async def test_the_command_sweeps_what_nobody_needs_and_checks_what_is_left(
    system: System, owner: asyncpg.Connection, peiyu: Callable[..., Any]
) -> None:
    kept, gone = await _two_files_one_removed(system, owner)
    assert len(_stored(system)) == 2
    swept = await peiyu("sweep")
    assert (swept.exit_code, swept.stdout) == (0, "")
    assert "Swept(contents=1, strangers=0, unfinished=0)" in swept.stderr
    (left,) = _stored(system)
    assert _digest(left) == kept["digest"]
    assert "Swept(contents=0" in (await peiyu("sweep")).stderr, "again, it finds nothing to do"
    whole = await peiyu("check")
    assert (whole.exit_code, whole.stdout) == (0, "")
    assert "1 contents read, 0 missing or damaged" in whole.stderr
    left.write_bytes(left.read_bytes()[:-1] + b"!")
    damaged = await peiyu("check")
    assert (damaged.exit_code, damaged.stdout.split()) == (1, [kept["digest"]])
    left.unlink()
    missing = await peiyu("check")
    assert (missing.exit_code, missing.stdout.split()) == (1, [kept["digest"]])
    assert gone["digest"] not in missing.stdout


async def test_the_commands_leave_another_sweep_alone_and_tell_of_a_database_that_is_away(
    system: System, owner: asyncpg.Connection, peiyu: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    await _two_files_one_removed(system, owner)
    await owner.execute("SELECT pg_advisory_lock(6014001)")
    busy = await peiyu("sweep")
    assert (busy.exit_code, len(_stored(system))) == (0, 2)
    assert "another sweep is running" in busy.stderr
    await owner.execute("SELECT pg_advisory_unlock(6014001)")
    monkeypatch.setenv("PEIYU_DATABASE_URL", "postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    for command in ("sweep", "check"):
        away = await peiyu(command)
        assert away.exit_code == 1
        assert "did not do it" in away.stderr
        assert "Traceback" not in away.stderr


async def test_the_clock_sweeps_once_a_day_however_many_relays_look(system: System, owner: asyncpg.Connection) -> None:
    kept, _ = await _two_files_one_removed(system, owner)
    relay = system.settings["relay"]
    await asyncio.gather(*(look_at_clock(system.relay_database, relay) for _ in range(5)))
    due = "SELECT count(*) FROM outbox_event WHERE topic = 'intake.attachments_sweep_due'"
    assert await owner.fetchval(due) == 1
    await system.drain()
    assert [_digest(path) for path in _stored(system)] == [kept["digest"]]
    assert await owner.fetchval(f"{due} AND processed_at IS NOT NULL") == 1
    tomorrow = datetime(2099, 1, 2, 12, 0, tzinfo=UTC)
    sweep = [one for one in schedules(relay) if one.name == "attachments.sweep"]
    assert await publish_due(system.relay_database, sweep, tomorrow) == 1
    await system.drain()
    assert [_digest(path) for path in _stored(system)] == [kept["digest"]], "a second day finds nothing to do"
