"""Fifty who admit at once, from connections of their own: never over the cap, a city's quota, or one stay at a time."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg
import pytest
from sqlalchemy.exc import IntegrityError
from support.forms import HUANGSHI, WUHAN, form
from support.system import System
from support.thoroughness import drawn

from services.evaluation.notices.terms import NoticeTerms
from services.evaluation.selection.plans import commit
from shared.db import Database, open_database
from shared.errors import Problem
from shared.security.officers import officer
from shared.settings import Settings

PLANS = "/v1/selection-plans"
CITIES = {WUHAN: "420100", HUANGSHI: "420200"}
SEEDS = range(drawn(3, 50))
COMMITS, RAW = 30, 20

# Everything of the first cycle that a selection reads, once more under another cycle; ids follow from the old ones.
_CLONE = (
    """
    INSERT INTO cycle SELECT (jsonb_populate_record(one, jsonb_build_object('id', $1::text, 'code', $2::text))).*
    FROM cycle AS one WHERE code = '2024-1'
""",
    """
    INSERT INTO cycle_quota (cycle_id, city_code, maximum) SELECT $1::uuid, * FROM unnest($2::text[], $3::int[])
""",
    """
    INSERT INTO application SELECT (jsonb_populate_record(one, jsonb_build_object(
        'id', md5(one.id || $1::text)::uuid, 'cycle_id', $1::text))).*
    FROM application AS one JOIN cycle ON cycle.id = cycle_id WHERE code = '2024-1'
""",
    """
    INSERT INTO application_snapshot SELECT (jsonb_populate_record(one, jsonb_build_object(
        'id', md5(one.id || $1::text)::uuid, 'application_id', md5(application_id || $1::text)::uuid))).*
    FROM application_snapshot AS one JOIN application ON application.id = application_id
    JOIN cycle ON cycle.id = cycle_id WHERE code = '2024-1'
""",
    """
    INSERT INTO assessment SELECT (jsonb_populate_record(one, jsonb_build_object(
        'id', md5(one.id || $1::text)::uuid, 'cycle_id', $1::text,
        'snapshot_id', md5(snapshot_id || $1::text)::uuid,
        'application_id', md5(application_id || $1::text)::uuid))).*
    FROM assessment AS one JOIN cycle ON cycle.id = cycle_id WHERE code = '2024-1' AND one.uscc = ANY($2::text[])
""",
)
_RAW = """
    INSERT INTO membership (id, pool_code, uscc, city_code, during, plan_id)
    VALUES (gen_random_uuid(), $1, $2, $3, tstzrange(now(), NULL), $4)
"""


@dataclass
class Round:
    """Several cycles' approved plans into one small pool."""

    pool: str
    plans: list[uuid.UUID]
    enterprises: list[tuple[str, str]]


async def _candidates(system: System, owner: asyncpg.Connection) -> list[tuple[str, str]]:
    """Twelve eligible enterprises of two cities: (code, city)."""
    await system.open_cycle()
    for division, numbers in ((WUHAN, range(1, 9)), (HUANGSHI, range(100, 104))):
        ids = [(await system.submit(form(number, division)))["id"] for number in numbers]
        await system.recommend(CITIES[division], ids)
    await system.drain()
    for one in await system.assessments():
        await system.settle(one["id"])
    return [tuple(row) for row in await owner.fetch("SELECT uscc, city_code FROM assessment ORDER BY uscc")]


async def _round(system: System, owner: asyncpg.Connection, seed: int, enterprises: list[tuple[str, str]]) -> Round:
    chance = random.Random(seed)
    prepared = Round(f"pool-{seed}", [], enterprises)
    await owner.execute("INSERT INTO pool VALUES ($1, $1, $2, 'test', 0)", prepared.pool, chance.randint(3, 12))
    planner, approver = (system.officer(name, "province_officer") for name in ("planner", "approver"))
    for number in range(3):
        cycle, code = uuid.uuid4(), f"{seed}-{number}"
        quotas = {city: chance.randint(0, 5) for city in CITIES.values() if chance.random() < 0.8}
        some = [uscc for uscc, _ in chance.sample(enterprises, chance.randint(3, 12))]
        # Copies of what came about by the rules need not come about again.
        await owner.execute("SET session_replication_role = replica")
        for statement, extra in zip(_CLONE, ([code], [[*quotas], [*quotas.values()]], [], [], [some]), strict=True):
            await owner.execute(statement, str(cycle) if statement is not _CLONE[1] else cycle, *extra)
        await owner.execute("SET session_replication_role = origin")
        for _ in range(chance.randint(1, 2)):
            body = {"cycle": code, "pool": prepared.pool}
            plan = await system.ok("evaluation", "POST", PLANS, planner, json=body)
            await system.ok("evaluation", "POST", f"{PLANS}/{plan['id']}:approve", approver)
            prepared.plans.append(uuid.UUID(plan["id"]))
    return prepared


@asynccontextmanager
async def _connections(settings: Settings, url: str) -> AsyncIterator[tuple[list[Database], list[asyncpg.Connection]]]:
    """As many engines of one connection each, and raw connections of the service, all connected."""
    alone = settings.model_copy(update={"database_pool_size": 1})
    async with AsyncExitStack() as stack:
        databases = [open_database(alone, "evaluation") for _ in range(COMMITS)]
        for database in databases:
            stack.push_async_callback(database.close)
            async with database.engine.connect():
                pass
        raw = [await asyncpg.connect(url, server_settings={"role": "peiyu_evaluation"}) for _ in range(RAW)]
        for connection in raw:
            stack.push_async_callback(connection.close)
        yield databases, raw


async def _committing(database: Database, plan: uuid.UUID) -> str:
    try:
        async with database.sessions.begin() as session:
            await commit(session, officer("planner", "province_officer"), plan, NoticeTerms(0, "测试不设公示期", 5))
    except Problem as refusal:
        return refusal.kind.code
    except IntegrityError as error:
        return error.orig.__cause__.constraint_name
    return "committed"


async def _admitting(
    connection: asyncpg.Connection, pool: str, plan: uuid.UUID, one: tuple[str, str], round_trips: int
) -> str:
    # A commit asks the database several times before it locks the pool; some of these come before it, some after.
    for _ in range(round_trips):
        await connection.fetchval("SELECT 1")
    try:
        await connection.execute(_RAW, pool, *one, plan)
    except asyncpg.IntegrityConstraintViolationError as error:
        return error.constraint_name or ""
    return "admitted"


async def _all_at_once(
    databases: list[Database], raw: list[asyncpg.Connection], prepared: Round, seed: int
) -> Counter[str]:
    """How often each outcome came: `committed`, `admitted`, or a refusal's code or constraint."""
    chance = random.Random(seed)
    acts = [_committing(database, chance.choice(prepared.plans)) for database in databases]
    acts += [
        _admitting(
            one,
            prepared.pool,
            chance.choice(prepared.plans),
            chance.choice(prepared.enterprises),
            seed % 4 * 4 * (number + 1),
        )
        for number, one in enumerate(raw)
    ]
    chance.shuffle(acts)
    return Counter(await asyncio.gather(*acts))


_ALLOWED = {
    "committed",
    "admitted",
    "plan_stale",
    "cycle_already_selected",
    "ck_pool_within_cap",
    "ck_admission_quota_within_quota",
    "ex_membership_no_overlap",
}


async def test_fifty_at_once_never_exceed_the_cap_or_a_quota(
    system: System, owner: asyncpg.Connection, database_urls: dict[str, str]
) -> None:
    enterprises = await _candidates(system, owner)
    url = database_urls["evaluation"].replace("+asyncpg", "")
    total: Counter[str] = Counter()
    async with _connections(system.settings["evaluation"], url) as (databases, raw):
        for seed in SEEDS:
            prepared = await _round(system, owner, seed, enterprises)
            outcomes = await _all_at_once(databases, raw, prepared, seed)
            # No deadlock, no time-out, nothing unforeseen.
            assert outcomes.keys() <= _ALLOWED, (seed, outcomes)
            total += outcomes
            cap, live = await owner.fetchrow("SELECT cap, live FROM pool WHERE code = $1", prepared.pool)
            open_stays = "SELECT count(*) FROM membership WHERE pool_code = $1 AND upper_inf(during)"
            assert await owner.fetchval(open_stays, prepared.pool) == live <= cap, (seed, outcomes)
            uncommitted = await owner.fetchval(
                "SELECT count(*) FROM membership JOIN selection_plan ON selection_plan.id = plan_id "
                "WHERE selection_plan.pool_code = $1 AND status <> 'committed'",
                prepared.pool,
            )
            # A refused commit left nothing behind: whatever its plan has is from the raw statements.
            assert uncommitted <= outcomes["admitted"]
    assert not await owner.fetch(_OVER_QUOTA)
    twice = "SELECT cycle_id FROM selection_plan WHERE status = 'committed' GROUP BY cycle_id HAVING count(*) > 1"
    assert not await owner.fetch(twice)
    # The race was one: both kinds won and lost, by code and by constraint.
    assert total["committed"]
    assert total["admitted"]
    assert total["plan_stale"]
    assert total["ck_admission_quota_within_quota"] + total["ck_pool_within_cap"]


_OVER_QUOTA = """
    SELECT quota.cycle_id, quota.city_code FROM membership JOIN selection_plan AS plan ON plan.id = plan_id
    JOIN cycle_quota AS quota ON quota.cycle_id = plan.cycle_id AND quota.city_code = membership.city_code
    LEFT JOIN admission_quota AS used ON used.cycle_id = quota.cycle_id AND used.city_code = quota.city_code
    GROUP BY quota.cycle_id, quota.city_code, quota.maximum, used.used
    HAVING count(*) > quota.maximum OR count(*) IS DISTINCT FROM used.used
"""


async def test_commits_alone_fill_the_pool_in_turn_and_the_losers_are_stale(
    system: System, owner: asyncpg.Connection
) -> None:
    enterprises = await _candidates(system, owner)
    prepared = await _round(system, owner, 1, enterprises)
    planner = system.officer("planner", "province_officer")
    answers = await asyncio.gather(
        *(system.request("evaluation", "POST", f"{PLANS}/{plan}:commit", planner) for plan in prepared.plans * 10)
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    committed = await owner.fetchval("SELECT count(*) FROM selection_plan WHERE status = 'committed'")
    # Each plan was frozen over the same members: one of them may change who they are.
    assert committed == 1
    refused = Counter(answer.json()["code"] for answer in answers if answer.status_code == 409)
    assert refused.keys() <= {"plan_stale", "cycle_already_selected"}
    audited = "SELECT count(*) FROM audit_entry WHERE action = 'plan.commit.refused'"
    assert await owner.fetchval(audited) == refused.total()


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("UPDATE pool SET live = 0", asyncpg.InsufficientPrivilegeError),
        ("UPDATE pool SET cap = 10000", asyncpg.InsufficientPrivilegeError),
        ("UPDATE admission_quota SET used = 0", asyncpg.InsufficientPrivilegeError),
        ("UPDATE admission_quota SET maximum = 1000", asyncpg.InsufficientPrivilegeError),
        ("DELETE FROM admission_quota", asyncpg.InsufficientPrivilegeError),
        ("UPDATE cycle_quota SET maximum = 1000", asyncpg.InsufficientPrivilegeError),
        (
            "INSERT INTO admission_quota VALUES (gen_random_uuid(), '420100', 1000, 0)",
            asyncpg.InsufficientPrivilegeError,
        ),
        ("DELETE FROM membership", asyncpg.InsufficientPrivilegeError),
    ],
)
async def test_the_service_cannot_set_the_counts_to_what_it_likes(
    database_urls: dict[str, str], statement: str, wrong: type[Exception]
) -> None:
    url = database_urls["evaluation"].replace("+asyncpg", "")
    connection = await asyncpg.connect(url, server_settings={"role": "peiyu_evaluation"})
    with pytest.raises(wrong):
        await connection.execute(statement)
    await connection.close()


async def test_each_bound_refuses_a_raw_attempt(
    system: System, owner: asyncpg.Connection, database_urls: dict[str, str]
) -> None:
    enterprises = await _candidates(system, owner)
    prepared = await _round(system, owner, 2, enterprises)
    plan = prepared.plans[0]
    await owner.execute("UPDATE pool SET cap = 3 WHERE code = $1", prepared.pool)
    await owner.execute("UPDATE cycle_quota SET maximum = 1 WHERE city_code = '420100'")
    await owner.execute("DELETE FROM cycle_quota WHERE city_code = '420200'")
    await owner.execute(
        "INSERT INTO cycle_quota (cycle_id, city_code, maximum) SELECT id, '420100', 1 FROM cycle ON CONFLICT DO NOTHING"
    )
    url = database_urls["evaluation"].replace("+asyncpg", "")
    service = await asyncpg.connect(url, server_settings={"role": "peiyu_evaluation"})
    await service.execute(_RAW, prepared.pool, "a", "420100", plan)
    with pytest.raises(asyncpg.CheckViolationError, match="ck_admission_quota_within_quota"):
        await service.execute(_RAW, prepared.pool, "b", "420100", plan)
    with pytest.raises(asyncpg.ExclusionViolationError, match="ex_membership_no_overlap"):
        await service.execute(_RAW, prepared.pool, "a", "420200", plan)
    await service.execute(_RAW, prepared.pool, "b", "420200", plan)
    await service.execute(_RAW, prepared.pool, "c", "420200", plan)
    with pytest.raises(asyncpg.CheckViolationError, match="ck_pool_within_cap"):
        await service.execute(_RAW, prepared.pool, "d", "420200", plan)
    await service.close()
    assert await owner.fetchval("SELECT live FROM pool WHERE code = $1", prepared.pool) == 3
