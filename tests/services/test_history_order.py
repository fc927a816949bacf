"""History is in the order in which acts got hold of the application, whatever their clocks and ids say."""

from __future__ import annotations

import asyncio
import uuid

import asyncpg
from sqlalchemy import select
from support.forms import form, with_changes
from support.locks import until_blocked
from support.system import System

from services.intake.applications.decision import return_to_enterprise
from services.intake.applications.schemas import ReturnIn, ReturnReason
from shared.db import open_database
from shared.models.intake import Application
from shared.security.officers import officer

CITY = "420100"


async def test_an_act_that_began_first_and_came_second_is_second(system: System, owner: asyncpg.Connection) -> None:
    """A submission takes its ids before it waits; what it waited for took its own later, and happened earlier."""
    await system.open_cycle()
    id_ = (await system.submit(form(1)))["id"]
    database = open_database(system.settings["intake"], "intake")
    async with database.sessions.begin() as session:
        await session.execute(select(Application.id).where(Application.id == uuid.UUID(id_)).with_for_update())
        correcting = asyncio.create_task(system.submit(with_changes(form(1), "people", rd_staff=21)))
        await until_blocked(owner)
        reasons = ReturnIn(reasons=[ReturnReason(field="/people", reason="请核对")])
        await return_to_enterprise(session, officer("o", "city_officer", city_code=CITY), uuid.UUID(id_), reasons)
    assert (await correcting)["revision"] == 2
    await database.close()
    reader = system.officer("a", "auditor")
    acts = (await system.ok("intake", "GET", f"/v1/applications/{id_}/history", reader))["items"]
    assert [one["act"] for one in acts] == ["submit", "return", "resubmit"]
    assert sorted(one["id"] for one in acts) != [one["id"] for one in acts], "the race that this test is about"
    pages, cursor = [], None
    while cursor or not pages:
        params = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = await system.ok("intake", "GET", f"/v1/applications/{id_}/history", reader, params=params)
        pages += [one["act"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert pages == ["submit", "return", "resubmit"]
    assert [one["status_after"] for one in acts][:-1] == [one["status_before"] for one in acts][1:]


async def test_a_crowd_leaves_a_history_that_adds_up(system: System) -> None:
    """Officers and the enterprise all at once: each act begins where the one before it in history ended."""
    await system.open_cycle()
    id_ = (await system.submit(form(1)))["id"]
    reasons = {"reasons": [{"field": "", "reason": "请核对"}]}
    enterprise = system.enterprise(form(1)["uscc"])
    city = [system.officer(f"o-{number}", "city_officer", CITY) for number in range(4)]

    async def crowd(number: int) -> None:
        for turn in range(4):
            changed = form(1, contact_name=f"{number}-{turn}")
            path = f"/v1/applications/{id_}:return"
            await system.request("intake", "POST", path, city[number], json=reasons)
            await system.request("intake", "POST", "/v1/cycles/2024-1/applications", enterprise, json=changed)

    await asyncio.gather(*(crowd(number) for number in range(4)))
    acts = (await system.ok("intake", "GET", f"/v1/applications/{id_}/history", city[0]))["items"]
    assert len(acts) > 4
    assert [one["status_after"] for one in acts][:-1] == [one["status_before"] for one in acts][1:]
    submitted = [one["revision"] for one in acts if one["act"] in ("submit", "resubmit")]
    assert submitted == list(range(1, len(submitted) + 1))
