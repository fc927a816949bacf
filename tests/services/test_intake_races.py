"""Two acts at once, on real connections: one order is as good as the other, and what is left adds up."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from support.enterprises import Registry
from support.forms import HUANGSHI, form, uscc
from support.lines import codes, followed, ndjson, results, run_imports, upload_lines
from support.locks import holding, until_blocked
from support.members import WUHAN_CITY, admit, open_period
from support.system import System

REPORTS = "/v1/progress-reports"
_HOLD_ENTERPRISE = "SELECT FROM enterprise WHERE uscc = $1 FOR UPDATE"


async def _applied(system: System, *numbers: int) -> None:
    await system.open_cycle("2023-1")
    for number in numbers:
        await system.submit(form(number), "2023-1")
    await system.open_cycle()


async def _race(
    system: System, owner: asyncpg.Connection, database_urls: dict[str, str], *, first: str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Relocate enterprise 5 to another city and import it with others, `first` at the head of the queue for its row."""
    import_id = await upload_lines(system, ndjson(form(number) for number in range(1, 10)))
    jobs = {
        "import": lambda: run_imports(system),
        "relocation": lambda: Registry(system).made(uscc(5), "relocate", registered_division=HUANGSHI),
    }
    tasks: list[asyncio.Task[Any]] = []
    async with holding(database_urls["owner"], _HOLD_ENTERPRISE, uscc(5)):
        for name in sorted(jobs, key=lambda one: one != first):
            tasks.append(asyncio.create_task(jobs[name]()))
            await until_blocked(owner, len(tasks))
    await asyncio.gather(*tasks)
    return await followed(system, import_id), await results(system, import_id)


async def test_an_import_that_waited_for_a_relocation_sees_where_the_enterprise_is_now(
    system: System, owner: asyncpg.Connection, database_urls: dict[str, str]
) -> None:
    await _applied(system, 5)
    done, rows = await _race(system, owner, database_urls, first="relocation")
    assert (done["status"], done["rows_accepted"], done["rows_rejected"]) == ("processed", 8, 1)
    (rejected,) = [row for row in rows if row["outcome"] == "rejected"]
    assert (rejected["uscc"], codes(rejected)) == (uscc(5), ["registered_elsewhere"])
    record = await Registry(system).read(uscc(5))
    assert record["city_code"] == "420200"
    assert await owner.fetchval("SELECT count(*) FROM application") == 9


async def test_a_relocation_that_waited_for_an_import_moves_the_record_and_not_its_application(
    system: System, owner: asyncpg.Connection, database_urls: dict[str, str]
) -> None:
    await _applied(system, 5)
    done, _ = await _race(system, owner, database_urls, first="import")
    assert (done["status"], done["rows_accepted"], done["rows_rejected"]) == ("processed", 9, 0)
    assert (await Registry(system).read(uscc(5)))["city_code"] == "420200"
    cities = await owner.fetch(
        "SELECT DISTINCT application.city_code FROM application JOIN enterprise ON enterprise.id = enterprise_id "
        "WHERE uscc = $1",
        uscc(5),
    )
    assert [row["city_code"] for row in cities] == ["420100"], "an application stays with the city it was made to"


async def _report(system: System, *, submitted: bool) -> dict[str, Any]:
    """A member's report, submitted or ready to be."""
    await admit(system, form(1))
    await open_period(system)
    token = system.enterprise(uscc(1))
    body = {"form": {"declarations": {"truthful": True}}}
    begun = await system.ok("intake", "POST", "/v1/reporting-periods/2026-H1/reports", token, json=body)
    return (await _submit(system, begun)).json() if submitted else begun


async def _submit(system: System, report: dict[str, Any]):
    headers = {"If-Match": f'"{report["version"]}"'}
    token = system.enterprise(uscc(1))
    return await system.request("intake", "POST", f"{REPORTS}/{report['id']}:submit", token, headers=headers)


@pytest.mark.parametrize("first", ["accept", "return"])
async def test_of_two_officers_who_decide_at_once_one_decides(
    system: System, owner: asyncpg.Connection, database_urls: dict[str, str], first: str
) -> None:
    report = await _report(system, submitted=True)
    reasons = {"reasons": [{"field": "/finance", "reason": "请核对"}]}
    bodies = {"accept": {}, "return": {"json": reasons}}
    tasks: list[asyncio.Task[Any]] = []
    lock = "SELECT FROM progress_report WHERE id = $1 FOR UPDATE"
    async with holding(database_urls["owner"], lock, uuid.UUID(report["id"])):
        for act in sorted(bodies, key=lambda one: one != first):
            token = system.officer(f"officer-{act}", "city_officer", WUHAN_CITY)
            path = f"{REPORTS}/{report['id']}:{act}"
            tasks.append(asyncio.create_task(system.request("intake", "POST", path, token, **bodies[act])))
            await until_blocked(owner, len(tasks))
    won, lost = await asyncio.gather(*tasks)
    assert (won.status_code, lost.status_code, lost.json()["code"]) == (200, 409, "report_status"), lost.text
    shown = await system.ok("intake", "GET", f"{REPORTS}/{report['id']}", system.enterprise(uscc(1)))
    assert shown["status"] == {"accept": "accepted", "return": "returned"}[first]
    assert (shown["return_reasons"] is None) == (first == "accept")
    acts = await owner.fetch(
        "SELECT action FROM audit_entry WHERE subject_id = $1 AND action <> 'progress_report.save' ORDER BY number",
        uuid.UUID(report["id"]),
    )
    assert [row["action"] for row in acts][-1] == f"progress_report.{first}"
    assert len([row for row in acts if row["action"].endswith((".accept", ".return"))]) == 1


async def test_a_report_that_waited_until_the_period_closed_is_too_late(
    system: System, owner: asyncpg.Connection, database_urls: dict[str, str]
) -> None:
    """What counts is when the report is its sender's to submit, not when the request came."""
    report = await _report(system, submitted=False)
    closing = datetime.now(UTC) + timedelta(milliseconds=700)
    await owner.execute("UPDATE reporting_period SET closes_at = $1", closing)
    lock = "SELECT FROM progress_report WHERE id = $1 FOR UPDATE"
    async with holding(database_urls["owner"], lock, uuid.UUID(report["id"])) as holder:
        submitting = asyncio.create_task(_submit(system, report))
        await until_blocked(owner)
        # The period closes by the clock and by nothing else.
        await holder.execute("SELECT pg_sleep(greatest(0, extract(epoch FROM $1 - clock_timestamp()) + 0.01))", closing)
    late = await submitting
    assert (late.status_code, late.json()["code"]) == (409, "outside_reporting_window")
    assert await owner.fetchval("SELECT count(*) FROM progress_report_snapshot") == 0
    assert await owner.fetchval("SELECT status FROM progress_report") == "draft"
