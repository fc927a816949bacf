"""What must hold after every year, asked of the database as its owner and of the API beside the simulation's own account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from services.simulation.world import SimulationError, World
from shared.canonical import canonical_text, sha256_hex
from shared.reference.province import province

# What is found to be wrong, in rows: none of these may give one.
NEVER: Mapping[str, str] = {
    "more members than the cap": "SELECT code FROM pool WHERE live + kept > cap",
    "a count that is not that of the members": (
        "SELECT code FROM pool WHERE live <> (SELECT count(*) FROM membership "
        "WHERE pool_code = pool.code AND upper_inf(during))"
    ),
    "a balance below zero, or other than its ledger's": (
        "SELECT city_code FROM replacement_credit AS r WHERE balance < 0 OR balance <> (SELECT sum(credits) "
        "FROM replacement_credit_entry AS e WHERE e.pool_code = r.pool_code AND e.city_code = r.city_code)"
    ),
    "stays of one enterprise that overlap": (
        "SELECT a.uscc FROM membership AS a JOIN membership AS b "
        "ON a.pool_code = b.pool_code AND a.uscc = b.uscc AND a.id < b.id AND a.during && b.during"
    ),
    "a stay that no committed plan began": (
        "SELECT m.uscc FROM membership AS m WHERE NOT EXISTS (SELECT FROM selection_plan AS p "
        "JOIN selection_plan_entry AS e ON e.plan_id = p.id WHERE p.id = m.plan_id AND p.status = 'committed' "
        "AND e.admitted AND e.uscc = m.uscc) AND NOT EXISTS (SELECT FROM adjustment_plan AS p "
        "JOIN adjustment_plan_entry AS e ON e.plan_id = p.id WHERE p.id = m.opened_by_adjustment "
        "AND p.status = 'committed' AND e.action = 'admit' AND e.uscc = m.uscc)"
    ),
    "a stay that ended without a committed plan": (
        "SELECT m.uscc FROM membership AS m WHERE NOT upper_inf(during) AND NOT EXISTS ("
        "SELECT FROM adjustment_plan AS p JOIN adjustment_plan_entry AS e ON e.plan_id = p.id "
        "WHERE p.id = m.ended_by_plan AND p.status = 'committed' AND e.membership_id = m.id "
        "AND e.action IN ('graduate', 'exit'))"
    ),
    "a graduate without its credits": (
        "SELECT uscc FROM membership AS m WHERE ended_reason = 'graduated' AND NOT EXISTS ("
        "SELECT FROM replacement_credit_entry AS e WHERE e.membership_id = m.id AND e.kind = 'minted')"
    ),
    "credits of nobody who graduated": (
        "SELECT e.id FROM replacement_credit_entry AS e WHERE e.kind = 'minted' AND NOT EXISTS ("
        "SELECT FROM membership AS m WHERE m.id = e.membership_id AND m.ended_reason = 'graduated')"
    ),
    "a plan approved by whoever proposed it": (
        "SELECT id FROM adjustment_plan WHERE person_of(approved_by) = person_of(proposed_by)"
    ),
    "an event that nobody could process": "SELECT id FROM outbox_event WHERE dead_at IS NOT NULL",
}
_STAYS = (
    "SELECT uscc, (lower(during) AT TIME ZONE 'Asia/Shanghai')::date AS since, "
    "(upper(during) AT TIME ZONE 'Asia/Shanghai')::date AS until, coalesce(ended_reason, '') AS reason "
    "FROM membership ORDER BY uscc, lower(during)"
)


async def check(world: World, members: set[str], known: Mapping[date, set[str]]) -> None:
    """SimulationError for whatever does not hold; `known` is who was a member at the end of earlier days."""
    for what, query in NEVER.items():
        if rows := await world.owner.fetch(query):
            raise SimulationError(f"{world.clock.today}: {what}: {[tuple(row) for row in rows[:3]]}")
    path = f"/v1/pools/{province().pool_code}/members"
    told = {one["uscc"] for one in await world.pages("evaluation", path, world.planner)}
    if told != members:
        raise SimulationError(f"{world.clock.today}: members differ from the account: {sorted(told ^ members)[:3]}")
    for day, then in known.items():
        as_of = {one["uscc"] for one in await world.pages("evaluation", path, world.planner, on=day.isoformat())}
        if as_of != then:
            raise SimulationError(f"as of {day} members differ from the account: {sorted(as_of ^ then)[:3]}")


async def digest(world: World) -> str:
    """SHA-256 of every stay, with its days and reason: the same seed gives the same."""
    rows = await world.owner.fetch(_STAYS)
    stays = [[row["uscc"], str(row["since"]), str(row["until"]), row["reason"]] for row in rows]
    return sha256_hex(canonical_text(stays))
