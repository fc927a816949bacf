"""What a register or a city states of a judged application, and what that leaves of its review."""

from __future__ import annotations

from typing import Any

import asyncpg
from support.evidence import pdf
from support.forms import form, uscc
from support.notices import Notices, uscc_of
from support.reviewing import judge, review
from support.system import System

ZHAO = ("zhao", "reviewer")
STATEMENTS = f"/v1/enterprises/{uscc(1)}/fact-statements"
# The form says twenty of fifty; the city counted.
COUNTED = {"fact": "rd_staff", "source": "city_verified", "value": 21, "as_of": "2024-06-20", "basis": "现场核查花名册"}


async def _reviewed(system: System) -> tuple[dict[str, Any], str]:
    (summary,) = await judge(system, form(1))
    await system.settle(summary["id"], reviewer="zhao")
    review_id = (await system.review_of(summary["id"]))["id"]
    assert (await review(system, review_id))["status"] == "done"
    return summary, review_id


async def _stated(system: System) -> dict[str, Any]:
    verifier = system.officer("verifier", "city_officer", "420100")
    stated = await system.ok("evaluation", "POST", STATEMENTS, verifier, json=COUNTED)
    await system.drain()
    return stated


async def test_only_what_the_statement_touches_is_open_again_and_its_conflict_waits_for_a_person(
    system: System, owner: asyncpg.Connection
) -> None:
    before, review_id = await _reviewed(system)
    await _stated(system)
    (after,) = await system.assessments()
    assert (after["id"] != before["id"], after["overall"]) == (True, "met")
    found = await review(system, review_id, ZHAO)
    assert (found["assessment_id"], found["status"], found["assignee"]) == (after["id"], "open", "zhao")
    told = {"fact": "rd_staff", "before": 20, "after": 21}
    waiting = {(item["part"], item["kind"]): item["changes"] for item in found["items"] if item["open"]}
    assert waiting == {("7.staff_or_collaboration", "conflict"): [told]}
    assert await owner.fetchval("SELECT count(*) FROM finding WHERE carried_from IS NOT NULL") == 3
    body = {"part": "7.staff_or_collaboration", "kind": "conflict", "reason": "以核查花名册为准，结论不变"}
    await system.ok("evaluation", "POST", f"/v1/reviews/{review_id}:resolve", system.officer(*ZHAO), json=body)
    assert (await review(system, review_id))["status"] == "done"


async def test_a_retraction_brings_the_earlier_judgement_back_with_what_people_found(
    system: System, owner: asyncpg.Connection
) -> None:
    before, review_id = await _reviewed(system)
    stated = await _stated(system)
    verifier = system.officer("verifier", "city_officer", "420100")
    retraction = {"basis": "查错了企业"}
    await system.ok("evaluation", "POST", f"/v1/fact-statements/{stated['id']}:retract", verifier, json=retraction)
    await system.drain()
    (after,) = await system.assessments()
    assert (after["id"], after["overall"]) == (before["id"], "met")
    found = await review(system, review_id, ZHAO)
    assert (found["assessment_id"], found["status"]) == (before["id"], "done")
    # Judged once by each set of facts, and nothing found twice.
    assert await owner.fetchval("SELECT count(*) FROM assessment") == 2
    assert await owner.fetchval("SELECT count(*) FROM finding") == 6


async def test_what_an_appeal_reopened_stays_reopened_whatever_is_stated_and_retracted(
    system: System, owner: asyncpg.Connection
) -> None:
    notices = Notices(system)
    await notices.judged(form(2))
    received = await system.submit(form(1))
    await system.recommend("420100", [received["id"]])
    await system.drain()
    (judged,) = [one for one in await system.assessments() if one["uscc"] == uscc_of(1)]
    await system.settle(judged["id"], met=False)
    await notices.published()
    path = f"/v1/applications/{received['id']}/appeals"
    appeal_body = {"grounds": "科研带头人材料未被采信", "document": "（虚构）复核申请1号"}
    appeal = await system.ok("evaluation", "POST", path, system.enterprise(uscc_of(1)), json=appeal_body)
    await notices.accept(appeal)
    stated = await _stated(system)
    verifier = system.officer("verifier", "city_officer", "420100")
    retraction = {"basis": "查错了企业"}
    await system.ok("evaluation", "POST", f"/v1/fact-statements/{stated['id']}:retract", verifier, json=retraction)
    await system.drain()
    rows = await owner.fetch(
        "SELECT reopening, current, overall FROM assessment WHERE application_id = $1 ORDER BY id", received["id"]
    )
    assert [tuple(row) for row in rows] == [(0, False, "not_met"), (1, True, "unknown"), (1, False, "unknown")]
    (current,) = [one for one in await system.assessments() if one["uscc"] == uscc_of(1)]
    assert (await system.settle(current["id"], reviewer="reviewer-b"))["overall"] == "met"


async def test_a_file_that_a_statement_rests_on_is_kept(system: System) -> None:
    await _reviewed(system)
    path, enterprise = f"/v1/enterprises/{uscc(1)}/attachments", system.enterprise(uscc(1))
    file = await system.ok(
        "intake", "POST", path, enterprise, content=pdf("a"), params={"file_name": "花名册.pdf", "purpose": "incident"}
    )
    verifier = system.officer("verifier", "city_officer", "420100")
    resting = COUNTED | {"attachment_id": file["id"]}
    await system.ok("evaluation", "POST", STATEMENTS, verifier, json=resting)
    shown = f"/v1/attachments/{file['id']}"
    assert (await system.ok("intake", "GET", shown, enterprise))["held"]
    await system.refused("intake", "DELETE", shown, enterprise, "attachment_in_use", 409)
