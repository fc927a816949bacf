"""An answer is sent after the commit: a commit that fails is an error, not a 200."""

from __future__ import annotations

import asyncio

import asyncpg
from support.system import System, running_system

from shared.settings import Settings

DEFERRED_REFUSAL = """
    CREATE FUNCTION refuse_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'refused at commit' USING ERRCODE = 'check_violation'; END $$;
    CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON cycle
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_at_commit();
"""


async def test_a_failed_commit_is_answered_as_an_error(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    await owner.execute(DEFERRED_REFUSAL)
    planner = system.officer("planner", "province_officer")
    (cycle,) = await system.ok("intake", "GET", "/v1/cycles", planner)
    body = {name: value for name, value in cycle.items() if name != "id"} | {"code": "another"}
    await system.refused("intake", "POST", "/v1/cycles", planner, "conflict", 409, json=body)
    assert await owner.fetchval("SELECT count(*) FROM cycle") == 1


async def test_a_refusal_never_waits_for_a_second_connection(settings: dict[str, Settings]) -> None:
    """Whoever holds the last connection and asks for another waits for ever, as does everybody behind."""
    alone = {name: one.model_copy(update={"database_pool_size": 1}) for name, one in settings.items()}
    async with running_system(alone) as system, asyncio.timeout(20):
        await system.open_cycle()
        planner = system.officer("planner", "province_officer")
        (cycle,) = await system.ok("intake", "GET", "/v1/cycles", planner)
        body = {name: value for name, value in cycle.items() if name != "id"}
        race = [system.request("intake", "POST", "/v1/cycles", planner, json=body) for _ in range(5)]
        assert {answer.status_code for answer in await asyncio.gather(*race)} == {409}


async def test_a_lost_database_is_answered_503_and_comes_back(system: System, owner: asyncpg.Connection) -> None:
    token = system.officer("p", "province_officer")
    assert (await system.request("intake", "GET", "/v1/cycles", token)).status_code == 200
    await owner.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid()"
    )
    statuses = {(await system.request("intake", "GET", "/v1/cycles", token)).status_code for _ in range(3)}
    assert statuses <= {200, 503}
    assert (await system.request("intake", "GET", "/v1/cycles", token)).status_code == 200
