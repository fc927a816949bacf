"""Enterprises in the pool, admitted as the province would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from support.forms import HUANGSHI, WUHAN
from support.system import System

WUHAN_CITY, HUANGSHI_CITY = "420100", "420200"
_CITIES = {WUHAN: WUHAN_CITY, HUANGSHI: HUANGSHI_CITY}
_PLANS = "/v1/selection-plans"


async def admit(system: System, *forms: dict[str, Any]) -> None:
    """Submit, recommend, review and select all of `forms`, and commit the plan."""
    await system.open_cycle()
    for one in forms:
        received = await system.submit(one)
        await system.recommend(_CITIES[one["registered_division"]], [received["id"]])
    await system.drain()
    for one in await system.assessments():
        await system.settle(one["id"])
    planner = system.officer("planner", "province_officer")
    body = {"cycle": "2024-1", "pool": "cultivation"}
    plan = await system.ok("evaluation", "POST", _PLANS, planner, json=body)
    approver = system.officer("approver", "province_officer")
    await system.ok("evaluation", "POST", f"{_PLANS}/{plan['id']}:approve", approver)
    await system.ok("evaluation", "POST", f"{_PLANS}/{plan['id']}:commit", planner)


async def on_record(system: System, *forms: dict[str, Any]) -> None:
    """Enterprises that have applied, and no more."""
    await system.open_cycle()
    for one in forms:
        await system.submit(one)


async def open_period(system: System, code: str = "2026-H1", **changes: Any) -> dict[str, Any]:
    """A period that covers the year before today and tomorrow, and takes reports now."""
    now = datetime.now(UTC)
    body = {
        "code": code,
        "title": "测试报告期",
        "covers_from": (now - timedelta(days=365)).date().isoformat(),
        "covers_to": (now + timedelta(days=1)).date().isoformat(),
        "opens_at": (now - timedelta(hours=1)).isoformat(),
        "closes_at": (now + timedelta(days=1)).isoformat(),
    }
    planner = system.officer("planner", "province_officer")
    return await system.ok("intake", "POST", "/v1/reporting-periods", planner, json=body | changes)


async def backdate_memberships(owner: asyncpg.Connection, days: int) -> None:
    """As if every member had come in that many days ago: no use case moves the day of an admission."""
    async with owner.transaction():
        await owner.execute("ALTER TABLE membership DISABLE TRIGGER USER")
        await owner.execute("UPDATE membership SET during = tstzrange(now() - make_interval(days => $1), NULL)", days)
        await owner.execute("ALTER TABLE membership ENABLE TRIGGER USER")


async def end_memberships(
    owner: asyncpg.Connection, after: str = "1 microsecond", reason: str = "no_progress", uscc: str = "%"
) -> None:
    """End stays a moment from now, as a committed adjustment would: exits for want of progress, or another reason."""
    await owner.execute(
        f"""
        WITH rules AS (
            INSERT INTO adjustment_rules (digest, rules_id, effective_from, text)
            VALUES ('test', 'test', '2024-06-06', '') ON CONFLICT (digest) DO UPDATE SET text = '' RETURNING digest
        ), plan AS (
            INSERT INTO adjustment_plan (id, pool_code, judged_on, rules_digest, status, inputs_digest, summary, credits,
                valid_until, proposed_by, approved_by, approved_at, committed_by, committed_at)
            SELECT uuidv7(), 'cultivation', '2024-01-01', digest, 'committed', '', '{{}}', '[]', '2999-01-01', 'planner',
                'approver', now(), 'planner', now()
            FROM rules RETURNING id
        )
        INSERT INTO adjustment_plan_entry (plan_id, uscc, position, membership_id, city_code, outcome, action, reason_code,
            reasons, receipt, receipt_digest)
        SELECT plan.id, m.uscc, row_number() OVER (ORDER BY m.id), m.id, m.city_code, 'exit', 'exit', '{reason}',
            '[]', '{{}}', ''
        FROM plan, membership AS m WHERE upper_inf(m.during) AND m.uscc LIKE '{uscc}'
        """
    )
    await owner.execute(
        f"""
        UPDATE membership AS m SET during = tstzrange(lower(during), now() + interval '{after}'),
            ended_reason = '{reason}', ended_by_plan = e.plan_id, known_from = clock_timestamp()
        FROM adjustment_plan_entry AS e WHERE e.membership_id = m.id AND upper_inf(m.during)
        """
    )
