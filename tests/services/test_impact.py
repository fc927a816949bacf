"""What another rulebook would have said of a cycle's decisions: counts, reasons, refusals; nothing is changed."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from support.forms import form, patent, with_changes
from support.system import System

from services.evaluation.impact import assess_impact, queries
from shared.reference.province import province

CITY = "420100"
PATH = "/v1/cycles/2024-1/impact"
TEXT = province().rulebooks.joinpath("hubei-2024.toml").read_text(encoding="utf-8")
RATE = ("0.50 * NULLIF(industrialisation_denominator, 0)", "0.60 * NULLIF(industrialisation_denominator, 0)")
STORED = (
    "SELECT to_jsonb(a)::text FROM assessment a UNION ALL SELECT to_jsonb(c)::text FROM criterion_result c ORDER BY 1"
)


def altered(*changes: tuple[str, str]) -> str:
    text = TEXT.replace('id = "hubei-2024"', 'id = "example-2026"')
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


async def judged(system: System, count: int = 3) -> list[dict[str, Any]]:
    """So many assessments: the first meets 专利产业化率 by just 50 %, the others by all of their patents."""
    await system.open_cycle()
    received = [await system.submit(form(1))]
    for number in range(2, count + 1):
        patents = [patent(number * 10 + index) for index in range(2)]
        received.append(await system.submit(form(number, patents=patents)))
    await system.recommend(CITY, [one["id"] for one in received])
    await system.drain()
    return await system.assessments(limit=500)


def planner(system: System) -> str:
    return system.officer("planner", "province_officer")


async def ask(system: System, body: dict[str, Any], **params: Any) -> dict[str, Any]:
    return await system.ok("evaluation", "POST", PATH, planner(system), json=body, params=params)


async def test_a_stricter_threshold_shows_whom_it_concerns_and_why(system: System, owner: asyncpg.Connection) -> None:
    for one in await judged(system):
        await system.settle(one["id"])
    before = await owner.fetch(STORED)
    answer = await ask(system, {"rulebook_text": altered(RATE)})
    summary = answer["summary"]
    assert (summary["judged"], summary["changed"], summary["unreadable"]) == (3, 1, 0)
    assert summary["transitions"] == [
        {"before": "met", "after": "met", "count": 2},
        {"before": "met", "after": "not_met", "count": 1},
    ]
    assert [one["key"] for one in summary["criteria"] if one["changed"]] == ["industrialisation"]
    assert (summary["findings_set_aside"], summary["deviations_set_aside"]) == (0, 0)
    (item,) = answer["items"]
    assert (item["before"], item["after"], item["uscc"]) == ("met", "not_met", form(1)["uscc"])
    (part,) = item["parts"]
    assert (part["clause"], part["before"]["verdict"], part["after"]["verdict"]) == ("附件5", "met", "not_met")
    assert "占 50.00%" in part["before"]["reason_zh"]
    assert "还差 1 件" in part["after"]["reason_zh"]
    assert answer["next_cursor"] is None
    assert await owner.fetch(STORED) == before
    entries = await owner.fetch("SELECT actor, detail FROM audit_entry WHERE action = 'cycle.impact'")
    assert [entry["actor"] for entry in entries] == ["planner"]
    assert await owner.fetchval("SELECT count(*) FROM rulebook_version") == 1


async def test_the_cycles_own_rulebook_changes_nothing(system: System) -> None:
    assessments = await judged(system)
    await system.settle(assessments[0]["id"])
    (own, *_) = await system.ok("evaluation", "GET", "/v1/rulebooks", planner(system))
    for body in ({"rulebook_id": own["id"]}, {"rulebook_digest": own["digest"]}, {"rulebook_text": TEXT}):
        answer = await ask(system, body, depth="criterion")
        assert answer["rulebook"] == {name: own[name] for name in ("id", "digest", "title")}
        assert (answer["summary"]["judged"], answer["summary"]["changed"], answer["items"]) == (3, 0, [])


async def test_findings_and_signed_deviations_count_again_where_they_still_apply(system: System) -> None:
    await system.open_cycle()
    received = await system.submit(form(1, qualifications=[]))
    await system.recommend(CITY, [received["id"]])
    await system.drain()
    (one,) = await system.assessments()
    await system.settle(one["id"])
    first = system.officer("reviewer-a", "reviewer")
    proposal = {"part": "2.qualification", "reason": "省级重点实验室依托单位"}
    path = f"/v1/assessments/{one['id']}/deviations"
    deviation = await system.ok("evaluation", "POST", path, first, json=proposal)
    title = ('title = "湖北省专利产业化样板企业培育库入库企业基本标准（2024）"', 'title = "改了名称"')
    assert (await ask(system, {"rulebook_text": altered(title)}))["summary"]["transitions"] == [
        {"before": "not_met", "after": "not_met", "count": 1}
    ]
    second = await system.prepare_to_sign(one["id"], "reviewer-b")
    await system.ok("evaluation", "POST", f"/v1/deviations/{deviation['id']}:sign", second)
    assert (await ask(system, {"rulebook_text": altered(title)}))["summary"]["transitions"] == [
        {"before": "deviation", "after": "deviation", "count": 1}
    ]
    hard = ('kind = "in_principle"\ntest = """\nqualification', 'kind = "hard"\ntest = """\nqualification')
    answer = await ask(system, {"rulebook_text": altered(hard)})
    assert (answer["summary"]["deviations_set_aside"], answer["summary"]["findings_set_aside"]) == (1, 0)
    (item,) = answer["items"]
    assert (item["before"], item["after"]) == ("deviation", "not_met")
    assert item["parts"][0]["before"]["reason_zh"].startswith("按“原则上”认可偏离")


async def test_pages_follow_each_other_and_only_the_first_counts(system: System) -> None:
    assessments = await judged(system, 5)
    all_fail = ("0.50 * NULLIF(industrialisation_denominator, 0)", "3 * NULLIF(industrialisation_denominator, 0)")
    body, seen, cursor = {"rulebook_text": altered(all_fail)}, list[str](), None
    for _ in range(3):
        page = await ask(system, body, limit=2, **({"cursor": cursor} if cursor else {}))
        assert (page["summary"] is None) is (cursor is not None)
        seen += [item["assessment_id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert seen == [one["id"] for one in assessments]


async def test_only_a_criterion_changing_is_told_when_asked(system: System) -> None:
    one = with_changes(form(1), "finance", rd_expense_cny="1.00")
    await system.open_cycle()
    received = await system.submit(one)
    await system.recommend(CITY, [received["id"]])
    await system.drain()
    body = {"rulebook_text": altered(RATE)}
    shallow, deep = await ask(system, body), await ask(system, body, depth="criterion")
    assert shallow["items"] == []
    assert (deep["summary"]["changed"], deep["summary"]["changed_in_part"]) == (0, 1)
    assert [change["key"] for change in deep["items"][0]["criteria"]] == ["industrialisation"]


REFUSED = [
    ('test = "own_brand"', 'test = "own_brand; DROP TABLE enterprise"', "not_allowed"),
    ('test = "own_brand"', "test = \"own_brand OR 'a' = 'a' -- \"", "not_allowed"),
    ('test = "own_brand"', 'test = "pg_sleep(10) > 0"', "not_allowed"),
    ('test = "own_brand"', 'test = "COALESCE(employees, 0) >= 0"', "not_allowed"),
    ('test = "own_brand"', 'test = "no_such_fact"', "unknown_fact"),
    ('test = "own_brand"', 'test = "employees"', "type_mismatch"),
    ("ELSE valid_patents END", "ELSE industrialisation_denominator END", "cyclic"),
    ("number = 8", "number = 9", "numbering"),
    ("number = 8", "number = = 8", "not_toml"),
]


async def test_a_rulebook_that_must_not_be_used_is_refused_at_its_line(
    system: System, owner: asyncpg.Connection
) -> None:
    await judged(system, 1)
    before = await owner.fetch(STORED)
    for old, new, code in REFUSED:
        body = {"rulebook_text": altered((old, new))}
        problem = await system.refused("evaluation", "POST", PATH, planner(system), "rulebook_refused", 422, json=body)
        violation = problem["violations"][0]
        assert (violation["code"], violation["pointer"]) == (code, "/rulebook_text")
        # The line of the fault itself.
        line = TEXT[: TEXT.index(old)].count("\n") + 1
        assert violation["message_zh"].startswith(f"第 {line} 行：")
        assert violation["message_en"].startswith(f"line {line}: ")
    assert await owner.fetch(STORED) == before
    rows = await owner.fetch("SELECT detail::text FROM audit_entry WHERE action = 'cycle.impact.refused' ORDER BY id")
    assert [code in row["detail"] for row, (_, _, code) in zip(rows, REFUSED, strict=True)] == [True] * len(REFUSED)
    assert await owner.fetchval("SELECT count(*) FROM rulebook_version") == 1


async def test_who_may_not_and_what_is_not_there(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    body = {"rulebook_text": TEXT}
    for token in (
        system.officer("r", "reviewer"),
        system.officer("a", "auditor"),
        system.officer("c", "city_officer", CITY),
        system.enterprise(form(1)["uscc"]),
    ):
        await system.refused("evaluation", "POST", PATH, token, "forbidden", 403, json=body)
    await system.refused("evaluation", "POST", PATH, None, "unauthenticated", 401, json=body)
    who = planner(system)
    nowhere = "/v1/cycles/2099-1/impact"
    await system.refused("evaluation", "POST", nowhere, who, "cycle_not_found", 404, json=body)
    for named in ({"rulebook_id": "hubei-2099"}, {"rulebook_digest": "0" * 64}):
        await system.refused("evaluation", "POST", PATH, who, "rulebook_not_found", 404, json=named)
    for named in ({}, {"rulebook_id": "hubei-2024", "rulebook_text": TEXT}):
        await system.refused("evaluation", "POST", PATH, who, "one_rulebook_needed", 422, json=named)
    nested = {"rulebook_text": "a = " + "[" * 100_000}
    problem = await system.refused("evaluation", "POST", PATH, who, "rulebook_refused", 422, json=nested)
    assert problem["violations"][0]["code"] == "not_toml"
    for named in ({"rulebook_digest": "x"}, {"rulebook_text": "x" * 200_001}, {"other": 1}, {"rulebook_id": "a\x00"}):
        answer = await system.request("evaluation", "POST", PATH, who, json=named)
        assert answer.status_code in (404, 422), answer.text
    assert await owner.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'cycle.impact'") == 0


async def test_the_service_answers_others_while_a_long_comparison_runs(
    system: System, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = await judged(system, 1)
    await owner.execute(
        "INSERT INTO assessment SELECT uuidv7(), uuidv7(), uuidv7(), cycle_id, city_code, uscc, rulebook_digest, "
        "assessed_on, overall, receipt, receipt_digest, TRUE, created_at, reopening, inputs_digest, conflicts "
        "FROM assessment, generate_series(1, 20000)"
    )
    # In one batch, so that a comparison in the event loop would hold up the others for most of its time.
    monkeypatch.setattr(queries, "BATCH", 20_001)
    asking = asyncio.create_task(ask(system, {"rulebook_text": altered(RATE)}, limit=1))
    others = 0
    while not asking.done():
        await system.ok("evaluation", "GET", f"/v1/assessments/{one['id']}", planner(system))
        others += 1
    answer = await asking
    assert answer["summary"]["transitions"] == [{"before": "unknown", "after": "not_met", "count": 20_001}]
    # One is answered before the comparison begins, another may be once it has ended.
    assert others > 2


async def test_too_many_comparisons_at_once_are_told_to_wait(system: System) -> None:
    await judged(system, 1)
    body = {"rulebook_text": altered(RATE)}
    asked = [system.request("evaluation", "POST", PATH, planner(system), json=body) for _ in range(8)]
    answers = await asyncio.gather(*asked)
    statuses = {answer.status_code for answer in answers}
    assert statuses <= {200, 503}
    assert 200 in statuses
    busy = [answer for answer in answers if answer.status_code == 503]
    assert busy
    assert {answer.json()["code"] for answer in busy} == {"impact_busy"}
    assert all("retry-after" in answer.headers for answer in busy)
    assert not assess_impact._under_way
    await ask(system, body)
