"""Files of applications as NDJSON, uploaded and run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from shared.queue import handle_row
from shared.relay import claim_due
from support.system import HANDLERS, System

UPLOAD = "/v1/cycles/2024-1/applications:import"
NDJSON = {"Content-Type": "application/x-ndjson"}


def ndjson(forms: Iterable[Any]) -> bytes:
    """One line per form; bytes are a line as they are."""
    lines = (one if isinstance(one, bytes) else json.dumps(one, ensure_ascii=False).encode() for one in forms)
    return b"".join(line + b"\n" for line in lines)


async def upload_lines(system: System, content: bytes, token: str | None = None, **params: Any) -> str:
    """The id of the import received."""
    token = token or system.officer("planner", "province_officer")
    received = await system.ok("intake", "POST", UPLOAD, token, content=content, headers=NDJSON, params=params)
    assert (received["status"], received["rows_read"]) == ("received", 0)
    return received["id"]


async def import_lines(system: System, content: bytes, token: str | None = None, **params: Any) -> dict[str, Any]:
    """The import once it has ended."""
    import_id = await upload_lines(system, content, token, **params)
    await run_imports(system)
    return await followed(system, import_id, token)


async def run_imports(system: System) -> None:
    """Handle every import that waits, one after the other, as a worker would but without Redis in between."""
    database, settings = system.apps["intake"].state.database, system.settings["intake"]
    for row_id, consumer, _ in await claim_due(system.relay_database, resend_after=timedelta(minutes=10)):
        if consumer.startswith("intake."):
            await handle_row(database, settings, HANDLERS["intake"], row_id)


async def followed(system: System, import_id: str, token: str | None = None) -> dict[str, Any]:
    token = token or system.officer("planner", "province_officer")
    return await system.ok("intake", "GET", f"/v1/imports/{import_id}", token)


async def results(system: System, import_id: str, token: str | None = None) -> list[dict[str, Any]]:
    """Every row's result, as downloaded."""
    token = token or system.officer("planner", "province_officer")
    answer = await system.request("intake", "GET", f"/v1/imports/{import_id}/results", token)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.content.splitlines()]


def codes(row: dict[str, Any]) -> list[str]:
    return [violation["code"] for violation in row["violations"]]
