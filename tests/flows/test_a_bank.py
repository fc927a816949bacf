"""A bank's own program keeps a list through exits, a recall, a new key and days offline, and answers with a credit."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
from support import stand_in_bank
from support.forms import form
from support.loopback import listening
from support.notices import Clock
from support.pool_history import History
from support.system import System

from services.finance import app as finance_app
from services.local.identities import create_client
from shared.security.keys import create_key

LIST = "/v1/lists/pool-members"
MEMBERS = [form(number) for number in range(1, 6)]
ANSWERS = [
    {
        "uscc": MEMBERS[3]["uscc"],
        "reference": "（虚构）授信1号",
        "outcome": {"decision": "refused", "decided_on": "2025-04-01", "refusal_code": "insufficient_cash_flow"},
    },
    {
        "uscc": MEMBERS[4]["uscc"],
        "reference": "（虚构）授信2号",
        "outcome": {
            "decision": "approved",
            "decided_on": "2025-04-01",
            "line_cny": "5000000.00",
            "drawn_cny": "3000000.00",
            "due_on": "2026-04-01",
        },
    },
]


class Bank:
    """The program, run for one visit; it has nothing but an address, its credentials and its store."""

    def __init__(self, store: Path, client_id: str, secret: str) -> None:
        self._store = store
        self._env = {"PATH": os.environ["PATH"], "BANK_ID": client_id, "BANK_SECRET": secret}

    async def visit(self, url: str, *outcomes: dict[str, Any]) -> dict[str, Any] | int:
        """What it says that it did, or the status that it ended with; `outcomes` are what it has to answer."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            stand_in_bank.__file__,
            url,
            str(self._store),
            "pool-members",
            json.dumps(outcomes),
            env=self._env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, told = await process.communicate()
        assert process.returncode in (0, stand_in_bank.OFFLINE), told.decode()
        return process.returncode or json.loads(out)

    def held(self) -> tuple[int, dict[str, Any]]:
        newest = stand_in_bank.Store(self._store).newest()
        assert newest is not None
        return newest


async def _leaves(history: History, number: int, day: str) -> None:
    """A member is caught, and an adjustment takes it out: the list is superseded and recalled at once."""
    history.put(day)
    await history.incident(MEMBERS[number], "tax_evasion", date(2025, 1, 1))
    await history.adjusted()
    await history.system.drain()


async def test_a_bank_ends_equal_to_the_edition_in_force(
    system: System, clock: Clock, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    history = History(system, clock)
    history.put("2024-07-01")
    await history.admitted("2024-1", *MEMBERS)
    made = await create_client(system.settings["owner"], name="【虚构】示范银行", role="bank")
    await system.ok("finance", "POST", f"{LIST}/subscriptions", history.planner, json={"client_id": made.client_id})
    bank = Bank(tmp_path / "bank.sqlite", made.client_id, made.client_secret)
    settings = system.settings["finance"].model_copy()

    with listening(finance_app.create_app(settings)) as url:
        first = await bank.visit(url)
        assert isinstance(first, dict)
        assert (first["how"], first["serial"], first["behind"]) == ("whole", 1, 0)
        assert await bank.visit(url) == {"how": "nothing", "serial": 1, "removed": [], "answered": 0}
        await _leaves(history, 0, "2025-02-03")
        second = await bank.visit(url)
        assert isinstance(second, dict)
        assert (second["how"], second["serial"], second["removed"]) == ("delta", 2, [MEMBERS[0]["uscc"]])
        recalls = await system.ok("finance", "GET", f"{LIST}/recalls", history.planner)
        assert [(one["serial"], one["superseded_by"]) for one in recalls["items"]] == [(1, 2)]

    # Offline: two leave meanwhile, and the second of these editions is signed by another key.
    assert await bank.visit(url) == stand_in_bank.OFFLINE
    await _leaves(history, 1, "2025-03-03")
    create_key(tmp_path / "next.pem")
    settings.list_key_file = system.settings["finance"].list_key_file = tmp_path / "next.pem"
    await _leaves(history, 2, "2025-04-01")
    (subscriber,) = (await system.ok("finance", "GET", f"{LIST}/subscribers", history.planner))["items"]
    assert subscriber["serials_behind"] == 2

    with listening(finance_app.create_app(settings)) as url:
        third = await bank.visit(url, *ANSWERS)
        assert isinstance(third, dict)
        assert third["answered"] == 2
        assert (third["how"], third["serial"], third["behind"]) == ("delta", 4, 0)
        assert set(third["removed"]) == {MEMBERS[1]["uscc"], MEMBERS[2]["uscc"]}
        serial, held = bank.held()
        assert [one["uscc"] for one in held["entries"]] == sorted(one["uscc"] for one in MEMBERS[3:])
        newest = await owner.fetchrow("SELECT serial, body FROM edition ORDER BY serial DESC LIMIT 1")
        assert newest is not None
        assert (serial, stand_in_bank.canonical(held)) == (newest["serial"], newest["body"])
    assert await owner.fetchval("SELECT count(*) FROM edition_ack") == 3
    signatures = {row[0].split("..")[0] for row in await owner.fetch("SELECT signature FROM edition")}
    assert len(signatures) == 2, "two keys have signed"
    # What was drawn is on the enterprise's timeline, what was refused is not.
    await system.drain()
    financed = "SELECT uscc, amount_fen FROM support_action WHERE source = 'bank'"
    assert [tuple(row) for row in await owner.fetch(financed)] == [(MEMBERS[4]["uscc"], 300_000_000)]
