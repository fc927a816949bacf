"""Lists: editions are immutable, published once per event, and reach only those subscribed."""

from __future__ import annotations

import uuid

import asyncpg
import pytest
from support.forms import form
from support.system import System

from services.finance.lists.tasks import publish_pool_list
from shared.queue import Work

LIST = "/v1/lists/pool-members"


async def _publish(system: System, event_id: uuid.UUID) -> None:
    """Handle one `selection_committed` event, as often as it may be delivered."""
    async with system.apps["finance"].state.database.sessions.begin() as session:
        payload = {"plan_id": str(uuid.uuid4()), "pool_code": "cultivation"}
        database = system.apps["finance"].state.database
        await publish_pool_list(Work(session, event_id, payload, system.settings["finance"], database))


async def test_an_event_publishes_one_edition_however_often_it_comes(system: System) -> None:
    planner, event_id = system.officer("planner", "province_officer"), uuid.uuid4()
    await system.refused("finance", "GET", f"{LIST}/editions/latest", planner, "no_edition", 404)
    for _ in range(3):
        await _publish(system, event_id)
    editions = await system.ok("finance", "GET", f"{LIST}/editions", planner)
    assert [one["serial"] for one in editions] == [1]
    await _publish(system, uuid.uuid4())
    second, first = await system.ok("finance", "GET", f"{LIST}/editions", planner)
    assert (second["serial"], first["serial"]) == (2, 1)
    newest = (await system.request("finance", "GET", f"{LIST}/editions/latest", planner)).json()
    assert (newest["serial"], newest["previous_digest"]) == (2, first["digest"])
    older = await system.request("finance", "GET", f"{LIST}/editions/1", planner)
    assert older.headers["ETag"] == f'"{first["digest"]}"'
    await system.refused("finance", "GET", f"{LIST}/editions/3", planner, "edition_not_found", 404)
    await system.refused("finance", "GET", f"{LIST}/editions/0", planner, "validation_failed", 422)


async def test_an_edition_is_never_changed_even_by_the_owner(system: System, owner: asyncpg.Connection) -> None:
    await _publish(system, uuid.uuid4())
    for statement in ("UPDATE edition SET entry_count = 7", "DELETE FROM edition"):
        with pytest.raises(asyncpg.RestrictViolationError, match="never changed"):
            await owner.execute(statement)


async def test_a_bank_without_a_subscription_cannot_tell_whether_a_list_exists(system: System) -> None:
    await _publish(system, uuid.uuid4())
    _, bank = await system.client_token("finance", "bank")
    answers = [
        await system.refused("finance", "GET", f"/v1/lists/{name}/editions/latest", bank, "list_not_found", 404)
        for name in ("pool-members", "no-such-list")
    ]
    assert {**answers[0], "request_id": ""} == {**answers[1], "request_id": ""}


async def test_a_subscription_is_for_a_bank_and_is_granted_once(system: System, owner: asyncpg.Connection) -> None:
    planner = system.officer("planner", "province_officer")
    bank_id, bank = await system.client_token("finance", "bank")
    other_id, _ = await system.client_token("finance", "enterprise", form(1)["uscc"])
    path = f"{LIST}/subscriptions"
    for _ in range(2):
        await system.ok("finance", "POST", path, planner, json={"client_id": bank_id})
    for wrong in (other_id, "nobody"):
        body = {"client_id": wrong}
        await system.refused("finance", "POST", path, planner, "client_not_a_bank", 422, json=body)
    await system.refused("finance", "POST", path, bank, "forbidden", 403, json={"client_id": bank_id})
    assert await owner.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'list.subscribe'") == 1


async def test_pulls_are_recorded_and_an_unchanged_list_costs_nothing(
    system: System, owner: asyncpg.Connection
) -> None:
    await _publish(system, uuid.uuid4())
    planner = system.officer("planner", "province_officer")
    bank_id, bank = await system.client_token("finance", "bank")
    await system.ok("finance", "POST", f"{LIST}/subscriptions", planner, json={"client_id": bank_id})
    pulled = await system.request("finance", "GET", f"{LIST}/editions/latest", bank)
    for header in (pulled.headers["ETag"], f"W/{pulled.headers['ETag']}", f'"x", {pulled.headers["ETag"]}'):
        again = await system.request(
            "finance", "GET", f"{LIST}/editions/latest", bank, headers={"If-None-Match": header}
        )
        assert (again.status_code, again.content) == (304, b"")
    stale = await system.request("finance", "GET", f"{LIST}/editions/latest", bank, headers={"If-None-Match": '"x"'})
    assert stale.content == pulled.content
    rows = await owner.fetch("SELECT client_id, serial FROM edition_pull")
    assert [tuple(row) for row in rows] == [(bank_id, 1)] * 2
