"""A review that is overtaken says so, and is open again only for what changed."""

from __future__ import annotations

import asyncpg
from support.forms import form, with_changes
from support.reviewing import finding, judge, judge_again, review
from support.system import System

ZHAO = ("zhao", "reviewer")
DEVIATING = {"part": "2.qualification", "reason": "省级重点实验室依托单位"}


async def _reviewed(system: System) -> tuple[dict, str]:
    """An application without qualifications, all found met by zhao, its deviation signed by qian."""
    (summary,) = await judge(system, form(1, qualifications=[]))
    await system.settle(summary["id"], reviewer="zhao")
    review_id = (await system.review_of(summary["id"]))["id"]
    path = f"/v1/assessments/{summary['id']}/deviations"
    deviation = await system.ok("evaluation", "POST", path, system.officer(*ZHAO), json=DEVIATING)
    await system.register_reviewer("qian")
    qian = system.officer("qian", "reviewer")
    await system.ok("evaluation", "POST", f"/v1/reviews/{review_id}:declare", qian, json={"conflict": False})
    state = await system.ok("evaluation", "POST", f"/v1/deviations/{deviation['id']}:sign", qian)
    assert state["overall"] == "deviation"
    assert (await review(system, review_id))["status"] == "done"
    return summary, review_id


async def test_only_what_changed_is_open_again_and_says_what_changed(system: System, owner: asyncpg.Connection) -> None:
    summary, review_id = await _reviewed(system)
    corrected = with_changes(form(1, qualifications=[]), "people", rd_staff=35)
    await judge_again(system, summary["application_id"], corrected, ("/people",))
    (newer,) = await system.assessments()
    assert newer["id"] != summary["id"]
    old = f"/v1/assessments/{summary['id']}/findings"
    body = finding("7.leader")
    problem = await system.refused(
        "evaluation", "POST", old, system.officer(*ZHAO), "assessment_superseded", 409, json=body
    )
    assert newer["id"] in problem["detail"]
    found = await review(system, review_id, ZHAO)
    assert (found["assessment_id"], found["status"], found["assignee"]) == (newer["id"], "open", "zhao")
    assert found["overtaken_at"]
    waiting = {item["part"]: item["changes"] for item in found["items"] if item["open"]}
    # IP staff stand in the same section of the form as research staff, so that judgement is asked for again too.
    told = {"field": "/people/rd_staff", "section": "people", "before": 20, "after": 35}
    assert "7.leader" in waiting
    assert all(changes == [told] for changes in waiting.values())
    assert "8.influence" not in waiting
    assert "2.qualification" not in waiting
    carried = await owner.fetch("SELECT part, found_by FROM finding WHERE carried_from IS NOT NULL")
    assert [tuple(row) for row in carried] == [("8.influence", "zhao")]
    signed = await owner.fetchrow("SELECT part, signed_by FROM deviation WHERE carried_from IS NOT NULL")
    assert tuple(signed) == ("2.qualification", "qian")
    state = await system.settle(newer["id"], reviewer="zhao")
    assert state["overall"] == "deviation"
    assert await owner.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'review.overtake'") == 1


async def test_a_fact_that_changes_takes_its_deviation_back(system: System, owner: asyncpg.Connection) -> None:
    summary, review_id = await _reviewed(system)
    await judge_again(system, summary["application_id"], form(1), ("/qualifications",))
    (newer,) = await system.assessments()
    assert newer["overall"] == "met"
    assert await owner.fetchval("SELECT count(*) FROM deviation WHERE carried_from IS NOT NULL") == 0
    assert await owner.fetchval("SELECT count(*) FROM finding WHERE carried_from IS NOT NULL") == 3
    found = await review(system, review_id)
    assert found["status"] == "done"
    assert {item["kind"] for item in found["items"]} == {"judgement"}


async def test_a_judgement_anew_of_the_same_form_carries_everything(system: System) -> None:
    summary, review_id = await _reviewed(system)
    corrected = with_changes(form(1, qualifications=[]), "finance", profit_cny="9000000.00")
    await judge_again(system, summary["application_id"], corrected, ("/finance",))
    (newer,) = await system.assessments()
    assert newer["overall"] == "deviation"
    assert (await review(system, review_id))["status"] == "done"
    full = await system.ok("evaluation", "GET", f"/v1/assessments/{newer['id']}", system.officer(*ZHAO))
    parts = {part["part"]: part for criterion in full["criteria"] for part in criterion["parts"]}
    assert parts["7.leader"]["finding"]["carried_from"]
    assert parts["2.qualification"]["deviation"]["carried_from"]
