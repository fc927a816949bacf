"""The queue of reviews: what needs a person, who gets it, and what is shown before a declaration."""

from __future__ import annotations

import asyncio
from collections import Counter

import asyncpg
import pytest
from support.forms import HUANGSHI, form, with_changes
from support.reviewing import ASSIGNER, assign, finding, judge, refusals, review, reviews
from support.system import System

WUHAN, HUANGSHI_CITY = "420100", "420200"
JUDGEMENT = ("7.leader", "8.influence")
CLEAR, CONFLICT = {"conflict": False}, {"conflict": True, "reason": "曾任该企业顾问"}


async def test_a_review_names_each_part_that_needs_a_person_and_why(system: System) -> None:
    failing = with_changes(form(2), "finance", rd_expense_cny="1.00")
    unknown = with_changes(form(3, qualifications=[]), "finance", rd_expense_cny=None)
    summaries = await judge(system, form(1), failing, unknown)
    items = []
    for one in summaries:
        found = await review(system, (await system.review_of(one["id"]))["id"])
        items.append({(item["part"], item["kind"]) for item in found["items"] if item["open"]})
    assert set(JUDGEMENT) <= {part for part, kind in items[0] if kind == "judgement"}
    assert {kind for _, kind in items[0]} == {"judgement"}
    assert ("6.rd_investment", "unknown_fact") in items[2]
    assert ("2.qualification", "deviation") in items[2]
    # A hard standard that is not met decides: nobody need look, though somebody may.
    assert Counter(one["status"] for one in await reviews(system)) == {"open": 2, "moot": 1}
    assert len(await reviews(system, kind="deviation")) == 1
    counts = await system.ok("evaluation", "GET", "/v1/cycles/2024-1/review-counts", system.officer(*ASSIGNER))
    told = ("reviews", "open", "moot", "done", "unassigned", "undeclared")
    assert [counts[name] for name in told] == [3, 2, 1, 0, 2, 0]
    assert counts["items"]["deviation"] == {"open": 1, "closed": 0}


async def test_reviews_are_spread_evenly_and_never_to_the_home_city(system: System) -> None:
    await judge(system, *(form(number) for number in range(1, 8)))
    for name, home in (("zhao", "429021"), ("qian", "420200"), ("local", WUHAN)):
        await system.register_reviewer(name, home, load_limit=3)
    first = await assign(system)
    assert first == {"assigned": 6, "unassigned": 1, "by_reviewer": {"qian": 3, "zhao": 3}}
    assert await assign(system) == {"assigned": 0, "unassigned": 1, "by_reviewer": {}}
    page = await system.ok("evaluation", "GET", "/v1/reviewers", system.officer(*ASSIGNER))
    assert {one["subject"]: one["load"] for one in page["items"]} == {"local": 0, "qian": 3, "zhao": 3}
    (left,) = await reviews(system, whose="unassigned")
    path = f"/v1/reviews/{left['id']}:reassign"
    for name, code, status in (
        ("local", "own_city", 403),
        ("zhao", "reviewer_full", 409),
        ("x", "not_a_reviewer", 403),
    ):
        body = {"to": name, "reason": "临时调整"}
        await system.refused("evaluation", "POST", path, system.officer(*ASSIGNER), code, status, json=body)


async def test_two_who_assign_at_once_never_give_one_review_twice(system: System, owner: asyncpg.Connection) -> None:
    await judge(system, *(form(number) for number in range(1, 9)))
    for name in ("zhao", "qian", "sun"):
        await system.register_reviewer(name, load_limit=4)
    answers = await asyncio.gather(*(assign(system) for _ in range(6)))
    assert sum(one["assigned"] for one in answers) == 8
    assert await owner.fetchval("SELECT count(*) FROM review_assignment") == 8
    assert await owner.fetchval("SELECT count(DISTINCT review_id) FROM review_assignment") == 8
    loads = [row["n"] for row in await owner.fetch("SELECT count(*) AS n FROM review GROUP BY assignee")]
    assert sorted(loads) == [2, 3, 3]


async def test_nothing_is_shown_before_the_declaration(system: System, owner: asyncpg.Connection) -> None:
    (summary,) = await judge(system, form(1))
    await system.take_up(summary["id"], "zhao", declared=False)
    me, token = ("zhao", "reviewer"), system.officer("zhao", "reviewer")
    (mine,) = await reviews(system, me)
    shown = {name for name, value in mine.items() if value}
    assert shown == {"id", "cycle", "enterprise_name", "city_code"}
    assert await review(system, mine["id"], me) == mine
    assert await reviews(system, me, kind="judgement") == await reviews(system, me, status="open") == []
    await system.refused("evaluation", "GET", f"/v1/assessments/{summary['id']}", token, "declaration_missing", 403)
    path = f"/v1/assessments/{summary['id']}/findings"
    body = finding(JUDGEMENT[0])
    await system.refused("evaluation", "POST", path, token, "declaration_missing", 403, json=body)
    await system.refused(
        "evaluation", "POST", path, system.officer("qian", "reviewer"), "not_a_reviewer", 403, json=body
    )
    assert await refusals(owner) == [
        ("zhao", "findings", "declaration_missing"),
        ("qian", "findings", "not_a_reviewer"),
    ]
    assert await owner.fetchval("SELECT count(*) FROM finding") == 0
    for whose in ("all", "unassigned"):
        await system.refused("evaluation", "GET", "/v1/reviews", token, "forbidden", 403, params={"whose": whose})
    for _ in range(2):
        declared = await system.ok("evaluation", "POST", f"/v1/reviews/{mine['id']}:declare", token, json=CLEAR)
    assert (declared["declared"], len(declared["items"])) == (True, 3)
    assert await review(system, mine["id"], me) == declared
    assert all(len(item["title"]) > 2 for item in declared["items"])
    await system.ok("evaluation", "GET", f"/v1/assessments/{summary['id']}", token)
    await system.ok("evaluation", "POST", path, token, json=body)
    assert await owner.fetchval("SELECT count(*) FROM review_declaration") == 1


async def test_a_conflict_takes_the_review_away_for_good(system: System, owner: asyncpg.Connection) -> None:
    (summary,) = await judge(system, form(1))
    await system.register_reviewer("qian")
    id_ = await system.take_up(summary["id"], "zhao", declared=False)
    zhao = system.officer("zhao", "reviewer")
    await system.refused(
        "evaluation", "POST", f"/v1/reviews/{id_}:declare", zhao, "validation_failed", 422, json={"conflict": True}
    )
    for _ in range(2):
        gone = await system.ok("evaluation", "POST", f"/v1/reviews/{id_}:declare", zhao, json=CONFLICT)
        assert (gone["declared"], gone["assessment_id"], gone["items"]) == (False, None, None)
    assert await reviews(system, ("zhao", "reviewer")) == []
    page = await system.ok("evaluation", "GET", "/v1/cycles/2024-1/assessments", system.officer("Zhao", "reviewer"))
    assert page["items"] == []
    await system.refused("evaluation", "GET", f"/v1/reviews/{id_}", zhao, "not_found", 404)
    await system.refused("evaluation", "GET", f"/v1/assessments/{summary['id']}", zhao, "conflict_of_interest", 403)
    path = f"/v1/reviews/{id_}"
    await system.refused("evaluation", "POST", f"{path}:declare", zhao, "conflict_of_interest", 403, json=CLEAR)
    body = {"to": "Zhao ", "reason": "再次指派"}
    assigner = system.officer(*ASSIGNER)
    await system.refused("evaluation", "POST", f"{path}:reassign", assigner, "conflict_of_interest", 403, json=body)
    found = await review(system, id_)
    assert (found["assignee"], [move["act"] for move in found["history"]]) == ("qian", ["reassign", "conflict"])
    # Whoever is left alone with it passes it on to nobody.
    qian = system.officer("qian", "reviewer")
    await system.ok("evaluation", "POST", f"{path}:declare", qian, json=CONFLICT)
    assert (await reviews(system, whose="unassigned"))[0]["id"] == id_
    assert (await assign(system))["unassigned"] == 1
    with pytest.raises(asyncpg.CheckViolationError, match="conflict_of_interest"):
        await owner.execute("UPDATE review SET assignee = 'zhao', assigned_at = now()")


async def test_a_delegate_declares_and_acts_and_the_one_before_no_longer_does(
    system: System, owner: asyncpg.Connection
) -> None:
    (summary,) = await judge(system, form(1))
    id_ = await system.take_up(summary["id"], "zhao")
    await system.register_reviewer("qian")
    zhao, qian = system.officer("zhao", "reviewer"), system.officer("qian", "reviewer")
    path, body = f"/v1/reviews/{id_}:delegate", {"to": "qian", "reason": "出差"}
    own = {"to": "Ｚhao ", "reason": "出差"}
    await system.refused("evaluation", "POST", path, zhao, "delegated_to_oneself", 409, json=own)
    await system.refused("evaluation", "POST", path, qian, "not_assigned", 403, json=body)
    for _ in range(2):
        await system.ok("evaluation", "POST", path, zhao, json=body)
    findings = f"/v1/assessments/{summary['id']}/findings"
    for who, code in ((zhao, "not_assigned"), (qian, "declaration_missing")):
        await system.refused("evaluation", "POST", findings, who, code, 403, json=finding(JUDGEMENT[0]))
    await system.ok("evaluation", "POST", "/v1/reviews:declare", qian, json={"review_ids": [id_]})
    await system.ok("evaluation", "POST", findings, qian, json=finding(JUDGEMENT[0]))
    history = (await review(system, id_, ("qian", "reviewer")))["history"]
    assert [(one["act"], one["to_reviewer"], one["reason"]) for one in history][1:] == [("delegate", "qian", "出差")]
    assert await owner.fetchval("SELECT found_by FROM finding") == "qian"


async def test_a_new_home_city_takes_its_reviews_away(system: System, owner: asyncpg.Connection) -> None:
    (summary,) = await judge(system, form(1, registered_division=HUANGSHI), city=HUANGSHI_CITY)
    id_ = await system.take_up(summary["id"], "zhao")
    with pytest.raises(asyncpg.CheckViolationError, match="own_city"):
        await owner.execute("UPDATE reviewer SET home_city_code = $1", HUANGSHI_CITY)
    await system.register_reviewer("ZHAO", HUANGSHI_CITY)
    assert (await review(system, id_))["assignee"] is None
    zhao = system.officer("zhao", "reviewer")
    path = f"/v1/assessments/{summary['id']}/findings"
    await system.refused("evaluation", "POST", path, zhao, "own_city", 403, json=finding(JUDGEMENT[0]))
    assert await owner.fetchval("SELECT count(*) FROM reviewer") == 1


async def test_whoever_recommended_an_application_does_not_review_it(system: System) -> None:
    (summary,) = await judge(system, form(1))
    await system.register_reviewer("Officer-420100")
    id_ = (await system.review_of(summary["id"]))["id"]
    assert (await assign(system))["assigned"] == 0
    body = {"to": "officer-420100", "reason": "指派"}
    path = f"/v1/reviews/{id_}:reassign"
    await system.refused("evaluation", "POST", path, system.officer(*ASSIGNER), "own_city", 403, json=body)
