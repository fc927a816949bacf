"""What a cycle promises and a plan explains: minimums, reserved places, scores, one more place, validity, refusals."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest
from support.forms import HUANGSHI, WUHAN, form, with_changes
from support.rounds import approved, frozen_plan, settle_all
from support.system import System

from services.evaluation.selection.plans import approve
from shared.errors import Problem
from shared.security.actor import Actor

PLANS = "/v1/selection-plans"
BODY = {"cycle": "2024-1", "pool": "cultivation"}
WUHAN_CITY, HUANGSHI_CITY = "420100", "420200"
LITTLE_GIANT = {
    "type": "little_giant_national",
    "certificate_no": "XJR0000",
    "issued_on": "2022-08-01",
    "expires_on": "2025-07-31",
}


def _strong(number: int, division: str = WUHAN) -> dict[str, Any]:
    """Scores more than the form as it stands, by research staff."""
    return with_changes(form(number, division), "people", rd_staff=30 + number % 10)


async def _eligible(system: System, *forms: dict[str, Any], **cycle: Any) -> None:
    await system.open_cycle(**cycle)
    for one in forms:
        received = await system.submit(one)
        city = WUHAN_CITY if one["registered_division"] == WUHAN else HUANGSHI_CITY
        await system.recommend(city, [received["id"]])
    await system.drain()
    await settle_all(system)


def _planner(system: System) -> str:
    return system.officer("planner", "province_officer")


async def _entries(system: System, plan: dict[str, Any]) -> list[dict[str, Any]]:
    page = await system.ok("evaluation", "GET", f"{PLANS}/{plan['id']}/entries", _planner(system))
    return page["items"]


async def test_a_plan_ranks_by_score_and_explains_every_indicator(system: System) -> None:
    await _eligible(system, form(1), _strong(2), _strong(3))
    first, second, third = await _entries(system, await frozen_plan(system))
    assert [one["uscc"] for one in (first, second, third)] == [form(number)["uscc"] for number in (3, 2, 1)]
    # 1 of 2 patents: 24; 1 patent: 2.4; 10 % of revenue: 15; 33 % of staff: 21.5.
    score = first["score"]
    assert (score["total"], score["exact"], score["most"]) == ("62.90", "629/10", "100")
    told = {one["key"]: one["text"] for one in score["indicators"]}
    assert told == {
        "industrialisation_rate": "专利产业化率 50.00%，在 50.00% 至 100.00% 之间按直线计，得 24.00 分（满分 40 分）",
        "industrialised_patents": "已产业化的有效专利 1 件，在 0 件 至 5 件 之间按直线计，得 2.40 分（满分 20 分）",
        "rd_intensity": "研发投入强度 10.00%，在 10.00% 至 20.00% 之间按直线计，得 15.00 分（满分 25 分）",
        "rd_staff_share": "研发人员占比 33.00%，在 20.00% 至 40.00% 之间按直线计，得 21.50 分（满分 25 分）",
    }
    assert score["groups"][0]["points"] == "36.50"
    assert [one["reason_zh"] for one in (first, second, third)] == ["按共享名额入选"] * 3


async def test_minimums_and_reserved_places_go_before_the_shared_ones(
    system: System, owner: asyncpg.Connection
) -> None:
    giant = form(4) | {"qualifications": [LITTLE_GIANT]}
    await _eligible(
        system,
        _strong(1),
        _strong(2),
        _strong(3),
        giant,
        form(100, HUANGSHI),
        quotas={WUHAN_CITY: {"minimum": 0, "maximum": 3}, HUANGSHI_CITY: {"minimum": 2, "maximum": 5}},
        reserved=[
            {"condition": "little_giant", "places": 1, "unused": "shared", "basis": "测试"},
            {"places": 1, "unused": "empty", "basis": "测试：省级留用"},
        ],
    )
    await owner.execute("UPDATE pool SET cap = 5")
    plan = await frozen_plan(system)
    outcome = {one["uscc"]: (one["reason"], one["seat"], one["reason_zh"]) for one in await _entries(system, plan)}
    assert outcome == {
        _strong(3)["uscc"]: ("admitted", "shared", "按共享名额入选"),
        _strong(2)["uscc"]: ("admitted", "shared", "按共享名额入选"),
        _strong(1)["uscc"]: ("city_quota", None, "武汉市名额已用完"),
        giant["uscc"]: ("admitted", "reserved", "按预留名额入选：国家专精特新“小巨人”企业"),
        form(100, HUANGSHI)["uscc"]: ("admitted", "minimum", "按黄石市最低名额入选"),
    }
    allocation = plan["allocation"]
    assert allocation["unmet_minimums"] == [
        {"city_code": HUANGSHI_CITY, "minimum": 2, "admitted": 1, "cause": "candidates"}
    ]
    assert [(one["title"], one["places"], one["given"]) for one in allocation["reserved"]] == [
        ("国家专精特新“小巨人”企业", 1, 1),
        ("省级留用", 1, 0),
    ]
    # Wuhan is at its maximum: one more place there would need one of the pool, of which none is left.
    assert allocation["one_more"] == [
        {"city_code": None, "comes_in": [], "goes_out": []},
        {"city_code": WUHAN_CITY, "comes_in": [], "goes_out": []},
    ]
    summary = plan["summary"]
    assert (summary["admitted"], summary["free_places"], summary["left_empty"]) == (4, 5, 1)
    await approved(system, plan)
    await system.ok("evaluation", "POST", f"{PLANS}/{plan['id']}:commit", _planner(system))
    used = await owner.fetch("SELECT city_code, used, maximum FROM admission_quota ORDER BY city_code")
    assert [tuple(row) for row in used] == [(WUHAN_CITY, 3, 3), (HUANGSHI_CITY, 1, 5)]


async def test_one_more_place_says_who_would_come_in(system: System, owner: asyncpg.Connection) -> None:
    await _eligible(system, _strong(1), _strong(2), _strong(3), quotas={WUHAN_CITY: 1})
    plan = await frozen_plan(system)
    assert plan["allocation"]["one_more"] == [
        {"city_code": None, "comes_in": [], "goes_out": []},
        {"city_code": WUHAN_CITY, "comes_in": [form(2)["uscc"]], "goes_out": []},
    ]
    await owner.execute("DELETE FROM cycle_quota")
    await owner.execute("UPDATE pool SET cap = 2")
    plan = await frozen_plan(system)
    assert plan["allocation"]["one_more"] == [{"city_code": None, "comes_in": [form(1)["uscc"]], "goes_out": []}]


@pytest.mark.parametrize(
    "move",
    [
        "UPDATE cycle_quota SET maximum = 7",
        "UPDATE cycle_quota SET minimum = 1",
        "UPDATE cycle_reserve SET places = 2",
        "UPDATE cycle_reserve SET unused = 'empty'",
        "DELETE FROM cycle_reserve",
        "UPDATE pool SET cap = cap - 1",
    ],
)
async def test_a_plan_is_stale_once_its_terms_moved(system: System, owner: asyncpg.Connection, move: str) -> None:
    reserved = [{"condition": "little_giant", "places": 1, "unused": "shared", "basis": "测试"}]
    await _eligible(system, form(1), quotas={WUHAN_CITY: 5}, reserved=reserved)
    plan = await frozen_plan(system)
    await approved(system, plan)
    await owner.execute(move)
    await system.refused("evaluation", "POST", f"{PLANS}/{plan['id']}:commit", _planner(system), "plan_stale", 409)
    assert await owner.fetchval("SELECT count(*) FROM membership") == 0


async def test_a_plan_frozen_too_long_ago_is_refused(system: System, owner: asyncpg.Connection) -> None:
    await _eligible(system, form(1))
    plan, other = await frozen_plan(system), await frozen_plan(system)
    today = date.fromisoformat(plan["valid_until"]) - timedelta(days=60)
    await approved(system, plan)
    await owner.execute("UPDATE selection_plan SET valid_until = $1", today - timedelta(days=1))
    path = f"{PLANS}/{plan['id']}"
    await system.refused("evaluation", "POST", f"{path}:commit", _planner(system), "plan_expired", 409)
    approver = system.officer("approver", "province_officer")
    await system.refused("evaluation", "POST", f"{PLANS}/{other['id']}:approve", approver, "plan_expired", 409)
    with pytest.raises(asyncpg.CheckViolationError, match="committed_while_valid"):
        await owner.execute("UPDATE selection_plan SET status = 'committed', committed_at = now(), approved_by = 'x'")
    # Its last day is a day of its validity.
    await owner.execute("UPDATE selection_plan SET valid_until = $1", today)
    await system.ok("evaluation", "POST", f"{path}:commit", _planner(system))


async def test_refusals_are_audited_by_code_and_change_nothing(system: System, owner: asyncpg.Connection) -> None:
    await _eligible(system, form(1))
    planner = _planner(system)
    plan = await frozen_plan(system)
    path = f"{PLANS}/{plan['id']}"
    await system.refused("evaluation", "POST", PLANS, planner, "cycle_not_found", 404, json=BODY | {"cycle": "none"})
    await system.refused("evaluation", "POST", PLANS, planner, "pool_not_found", 404, json=BODY | {"pool": "none"})
    # The person who proposed: as such, under a role that may not approve, and under another that might.
    await system.refused("evaluation", "POST", f"{path}:approve", planner, "second_person_required", 403)
    reviewing = system.officer("planner", "reviewer")
    await system.refused("evaluation", "POST", f"{path}:approve", reviewing, "forbidden", 403)
    with pytest.raises(Problem, match="second_person_required"):
        async with system.apps["evaluation"].state.database.sessions.begin() as session:
            await approve(session, Actor("planner", "deputy", frozenset({"plans:approve"})), uuid.UUID(plan["id"]))
    await system.refused("evaluation", "POST", f"{path}:commit", planner, "plan_status", 409)
    entries = await owner.fetch(
        "SELECT action, actor, detail::jsonb ->> 'code' AS code FROM audit_entry "
        "WHERE action LIKE 'plan.%.refused' ORDER BY id"
    )
    assert [tuple(row) for row in entries] == [
        ("plan.propose.refused", "planner", "cycle_not_found"),
        ("plan.propose.refused", "planner", "pool_not_found"),
        ("plan.approve.refused", "planner", "second_person_required"),
        ("plan.commit.refused", "planner", "plan_status"),
    ]
    with pytest.raises(asyncpg.CheckViolationError, match="second_person"):
        await owner.execute("UPDATE selection_plan SET approved_by = 'planner', status = 'approved'")
    assert (await system.ok("evaluation", "GET", path, planner)) == plan


async def test_plans_are_listed_by_cycle_and_status_in_pages(system: System) -> None:
    await _eligible(system, form(1))
    planner = _planner(system)
    plans = [await frozen_plan(system) for _ in range(3)]
    await approved(system, plans[1])
    page = await system.ok("evaluation", "GET", PLANS, planner, params={"limit": 2})
    assert [one["id"] for one in page["items"]] == [one["id"] for one in plans[:2]]
    rest = await system.ok("evaluation", "GET", PLANS, planner, params={"limit": 2, "cursor": page["next_cursor"]})
    assert ([one["id"] for one in rest["items"]], rest["next_cursor"]) == ([plans[2]["id"]], None)
    chosen = await system.ok("evaluation", "GET", PLANS, planner, params={"cycle": "2024-1", "status": "approved"})
    assert [one["id"] for one in chosen["items"]] == [plans[1]["id"]]
    await system.refused("evaluation", "GET", PLANS, planner, "cycle_not_found", 404, params={"cycle": "x"})
    await system.refused("evaluation", "GET", PLANS, planner, "validation_failed", 422, params={"status": "x"})
    await system.refused("evaluation", "GET", PLANS, system.enterprise(form(1)["uscc"]), "forbidden", 403)


_RESERVE = {"condition": "little_giant", "places": 1, "unused": "shared", "basis": "测试"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quotas": {WUHAN_CITY: {"minimum": 3, "maximum": 2}}}, "validation_failed"),
        ({"quotas": {WUHAN_CITY: {"minimum": 3}}}, "validation_failed"),
        ({"quotas": {WUHAN_CITY: {"minimum": -1, "maximum": 2}}}, "validation_failed"),
        ({"quotas": {WUHAN_CITY: {"minimum": 501, "maximum": 600}}}, "quotas_exceed_cap"),
        ({"quotas": {WUHAN_CITY: {"minimum": 500, "maximum": 500}}, "reserved": [_RESERVE]}, "quotas_exceed_cap"),
        ({"reserved": [_RESERVE | {"condition": "nobody"}]}, "reserve_condition_unknown"),
        ({"reserved": [_RESERVE, _RESERVE]}, "validation_failed"),
        ({"reserved": [_RESERVE | {"condition": None}]}, "validation_failed"),
        ({"reserved": [_RESERVE | {"places": 0}]}, "validation_failed"),
        ({"reserved": [_RESERVE | {"condition": "a' OR 1=1"}]}, "validation_failed"),
    ],
)
async def test_promises_that_cannot_be_kept_open_no_cycle(
    system: System, owner: asyncpg.Connection, changes: dict[str, Any], code: str
) -> None:
    await system.open_cycle()
    (body,) = await system.ok("intake", "GET", "/v1/cycles", _planner(system))
    body = {name: value for name, value in body.items() if name != "id"} | {"code": "2024-2"} | changes
    await system.refused("intake", "POST", "/v1/cycles", _planner(system), code, 422, json=body)
    assert await owner.fetchval("SELECT count(*) FROM cycle") == 1


async def test_a_cycle_is_shown_as_it_was_opened(system: System) -> None:
    terms = {
        "quotas": {WUHAN_CITY: {"minimum": 2, "maximum": 20}, HUANGSHI_CITY: 10},
        "reserved": [_RESERVE, {"condition": None, "places": 2, "unused": "empty", "basis": "省级留用"}],
    }
    await system.open_cycle(**terms)
    (cycle,) = await system.ok("intake", "GET", "/v1/cycles", _planner(system))
    assert {name: cycle[name] for name in terms} == terms


async def test_promises_beyond_the_pool_stop_the_plan(system: System, owner: asyncpg.Connection) -> None:
    await _eligible(system, form(1), quotas={WUHAN_CITY: {"minimum": 3, "maximum": 3}})
    await owner.execute("UPDATE pool SET cap = 2")
    await system.refused("evaluation", "POST", PLANS, _planner(system), "quotas_exceed_cap", 409, json=BODY)
    for statement in (
        "UPDATE cycle_quota SET minimum = 4",
        "UPDATE cycle_quota SET minimum = -1",
        "INSERT INTO cycle_reserve SELECT id, 1, NULL, 1, 'shared', 'x' FROM cycle",
        "INSERT INTO cycle_reserve SELECT id, 1, 'a', 0, 'shared', 'x' FROM cycle",
        "INSERT INTO cycle_reserve SELECT id, 1, 'a', 1, 'gone', 'x' FROM cycle",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await owner.execute(statement)
    with pytest.raises(asyncpg.UniqueViolationError):
        await owner.execute(
            "INSERT INTO cycle_reserve SELECT id, position, NULL, 1, 'empty', 'x' FROM cycle, generate_series(1, 2) AS position"
        )
