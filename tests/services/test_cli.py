"""The command `peiyu` as an operator meets it."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from support.system import System
from typer.testing import CliRunner

from services.cli import app
from shared.settings import Settings


@pytest.fixture
def run(settings: dict[str, Settings], monkeypatch: pytest.MonkeyPatch):
    """Run `peiyu` with the owner's settings in the environment."""
    owner = settings["owner"]
    monkeypatch.setenv("PEIYU_DATABASE_URL", owner.database_url.get_secret_value())
    monkeypatch.setenv("PEIYU_REDIS_URL", owner.redis_url.get_secret_value())
    monkeypatch.setenv("PEIYU_TOKEN_KEY_FILE", str(owner.token_key_file))
    monkeypatch.setenv("PEIYU_LIST_KEY_FILE", str(owner.list_key_file))
    return lambda *words: CliRunner().invoke(app, list(words))


async def _run(run, *words: str):
    # Commands start an event loop of their own.
    return await asyncio.to_thread(run, *words)


async def test_an_issued_token_opens_what_the_role_may(system: System, run) -> None:
    done = await _run(run, "token", "li", "--role", "province_officer")
    assert done.exit_code == 0
    await system.ok("evaluation", "GET", "/v1/pools/cultivation", done.stdout.strip())


@pytest.mark.parametrize(
    "words",
    [
        ("token", "li", "--role", "king"),
        ("token", "li", "--role", "bank"),
        ("token", "li", "--role", "city_officer"),
        ("token", "li", "--role", "reviewer", "--city", "420100"),
        ("token", "li", "--role", "city_officer", "--city", "440300"),
        ("token", " ", "--role", "reviewer"),
        ("token", "li", "--role", "reviewer", "--hours", "500"),
        ("client", "create", "x", "--role", "reviewer"),
        ("client", "create", "x", "--role", "enterprise"),
        ("client", "create", "x", "--role", "enterprise", "--uscc", "123"),
        ("client", "create", "x", "--role", "bank", "--uscc", "91420100MAXW00000X"),
    ],
    ids=" ".join,
)
async def test_what_cannot_be_is_refused_without_a_trace(run, words: tuple[str, ...]) -> None:
    done = await _run(run, *words)
    assert done.exit_code == 2, done.output
    assert not done.stdout.strip()
    assert "Traceback" not in done.output


async def test_a_created_client_gets_a_token_with_its_secret(system: System, run) -> None:
    done = await _run(run, "client", "create", "【虚构】银行", "--role", "bank")
    client_id, secret = (line.partition("=")[2] for line in done.stdout.splitlines())
    answer = await system.clients["finance"].post(
        "/oauth/token", data={"grant_type": "client_credentials"}, auth=httpx.BasicAuth(client_id, secret)
    )
    assert answer.status_code == 200


async def test_migrating_a_current_schema_changes_nothing(run) -> None:
    done = await _run(run, "migrate")
    assert done.exit_code == 0, done.output


def test_keys_are_made_once(run, tmp_path) -> None:
    assert run("keys", str(tmp_path)).exit_code == 0
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(before) == {"token-key.pem", "list-key.pem"}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    run("keys", str(tmp_path))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
