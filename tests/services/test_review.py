"""Review: findings settle what is unknown, deviations need two people, nothing computed is overridden."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from support.forms import form, with_changes
from support.system import System

CITY = "420100"


async def _judge(system: System, one: dict) -> dict:
    await system.open_cycle()
    received = await system.submit(one)
    await system.recommend(CITY, [received["id"]])
    await system.drain()
    (summary,) = await system.assessments()
    await system.take_up(summary["id"], "a")
    return await system.ok("evaluation", "GET", f"/v1/assessments/{summary['id']}", system.officer("a", "reviewer"))


def _parts(assessment: dict) -> dict[str, dict]:
    return {part["part"]: part for criterion in assessment["criteria"] for part in criterion["parts"]}


async def test_every_criterion_is_explained_in_chinese_with_its_clause(system: System) -> None:
    assessment = await _judge(system, with_changes(form(1), "finance", rd_expense_cny=None))
    assert [criterion["number"] for criterion in assessment["criteria"]] == list(range(1, 11))
    for criterion in assessment["criteria"]:
        assert criterion["clause"] == f"附件{criterion['number']}"
        assert criterion["text"]
        for part in criterion["parts"]:
            assert any("\u4e00" <= character <= "\u9fff" for character in part["reason_zh"]), part
    rd = next(criterion for criterion in assessment["criteria"] if criterion["number"] == 6)
    assert rd["verdict"] == "unknown"
    assert "研发投入" in rd["parts"][0]["reason_zh"]


async def test_a_finding_settles_an_unknown_part_once(system: System) -> None:
    assessment = await _judge(system, form(1))
    path, reviewer = f"/v1/assessments/{assessment['id']}/findings", system.officer("a", "reviewer")
    unknown = [name for name, part in _parts(assessment).items() if part["computed"] == "unknown"]
    assert len(unknown) == 3
    finding = {"findings": [{"part": unknown[0], "met": True, "reason": "查阅聘用合同"}]}
    state = await system.ok("evaluation", "POST", path, reviewer, json=finding)
    assert state["overall"] == "unknown"
    await system.ok("evaluation", "POST", path, reviewer, json=finding)  # a retry
    other = {"findings": [{"part": unknown[0], "met": False, "reason": "另有看法"}]}
    await system.take_up(assessment["id"], "b")
    await system.refused("evaluation", "POST", path, reviewer, "not_assigned", 403, json=other)
    for who in (system.officer("b", "reviewer"), system.officer(" B ", "reviewer")):
        problem = await system.refused("evaluation", "POST", path, who, "part_settled", 409, json=other)
        assert problem["violations"][0]["pointer"] == "/findings/0/part"


async def test_a_computed_verdict_is_not_overridden_and_findings_are_all_or_none(
    system: System, owner: asyncpg.Connection
) -> None:
    assessment = await _judge(system, with_changes(form(1), "finance", rd_expense_cny="1.00"))
    parts = _parts(assessment)
    failed = next(name for name in parts if name.startswith("6."))
    unknown = next(name for name, part in parts.items() if part["computed"] == "unknown")
    findings = [{"part": part, "met": True, "reason": "认定"} for part in (unknown, failed)]
    path, reviewer = f"/v1/assessments/{assessment['id']}/findings", system.officer("a", "reviewer")
    body = {"findings": findings}
    await system.refused("evaluation", "POST", path, reviewer, "part_settled", 409, json=body)
    body = {"findings": [{"part": "11.nothing", "met": True, "reason": "认定"}]}
    await system.refused("evaluation", "POST", path, reviewer, "part_unknown", 422, json=body)
    assert await owner.fetchval("SELECT count(*) FROM finding") == 0


async def test_a_deviation_counts_once_a_second_person_has_signed(system: System, owner: asyncpg.Connection) -> None:
    assessment = await _judge(system, form(1, qualifications=[]))
    await system.settle(assessment["id"])
    path = f"/v1/assessments/{assessment['id']}/deviations"
    first, second = system.officer("reviewer-a", "reviewer"), system.officer("reviewer-b", "reviewer")
    part = next(name for name in _parts(assessment) if name.startswith("2."))
    proposal = {"part": part, "reason": "省级重点实验室依托单位"}
    deviation = await system.ok("evaluation", "POST", path, first, json=proposal)
    (summary,) = await system.assessments()
    assert summary["overall"] == "not_met"

    signing = f"/v1/deviations/{deviation['id']}:sign"
    await system.refused("evaluation", "POST", signing, first, "second_person_required", 403)
    await system.refused("evaluation", "POST", signing, second, "not_a_reviewer", 403)
    await system.register_reviewer("reviewer-b")
    await system.refused("evaluation", "POST", signing, second, "declaration_missing", 403)
    review = await system.review_of(assessment["id"])
    await system.ok("evaluation", "POST", f"/v1/reviews/{review['id']}:declare", second, json={"conflict": False})
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute("UPDATE deviation SET signed_by = proposed_by, signed_at = now()")
    state = await system.ok("evaluation", "POST", signing, second)
    assert (state["overall"], state["criteria"]["2"]) == ("deviation", "deviation")
    assert await system.ok("evaluation", "POST", signing, second) == state
    await system.refused("evaluation", "POST", path, first, "deviation_exists", 409, json=proposal)


async def test_only_what_is_asked_in_principle_and_not_met_can_be_excused(system: System) -> None:
    assessment = await _judge(system, with_changes(form(1), "finance", rd_expense_cny="1.00"))
    path, reviewer = f"/v1/assessments/{assessment['id']}/deviations", system.officer("a", "reviewer")
    parts = _parts(assessment)
    hard_and_failed = next(name for name in parts if name.startswith("6."))
    in_principle_and_met = next(name for name in parts if name.startswith("2."))
    for part in (hard_and_failed, in_principle_and_met):
        body = {"part": part, "reason": "特殊情况"}
        await system.refused("evaluation", "POST", path, reviewer, "not_excusable", 409, json=body)
    body = {"part": "2.nothing", "reason": "特殊情况"}
    await system.refused("evaluation", "POST", path, reviewer, "part_unknown", 422, json=body)


async def test_a_veto_is_not_met_whatever_else_is(system: System) -> None:
    assessment = await _judge(system, with_changes(form(1), "declarations", no_abnormal_filing=False))
    assert assessment["overall"] == "not_met"
    assert [one["number"] for one in assessment["criteria"] if one["verdict"] == "not_met"] == [10]


async def test_one_reviewer_at_many_screens_settles_each_part_once(system: System, owner: asyncpg.Connection) -> None:
    assessment = await _judge(system, form(1))
    path = f"/v1/assessments/{assessment['id']}/findings"
    unknown = [name for name, part in _parts(assessment).items() if part["computed"] == "unknown"]

    async def enter(number: int) -> int:
        findings = [{"part": part, "met": True, "reason": f"认定 {number}"} for part in unknown]
        who = system.officer("a" if number % 2 else " A ", "reviewer")
        return (await system.request("evaluation", "POST", path, who, json={"findings": findings})).status_code

    statuses = await asyncio.gather(*(enter(number) for number in range(6)))
    assert sorted(statuses) == [200] + [409] * 5
    assert await owner.fetchval("SELECT count(*) FROM finding") == len(unknown)
    assert await owner.fetchval("SELECT overall FROM assessment") == "met"


async def test_findings_on_different_parts_at_once_reach_one_conclusion(system: System) -> None:
    assessment = await _judge(system, form(1))
    path = f"/v1/assessments/{assessment['id']}/findings"
    unknown = [name for name, part in _parts(assessment).items() if part["computed"] == "unknown"]

    async def enter(part: str) -> None:
        findings = {"findings": [{"part": part, "met": True, "reason": "查阅材料"}]}
        await system.ok("evaluation", "POST", path, system.officer("a", "reviewer"), json=findings)

    await asyncio.gather(*(enter(part) for part in unknown))
    (summary,) = await system.assessments()
    assert summary["overall"] == "met"


async def test_a_receipt_replays_to_the_same_bytes(system: System, owner: asyncpg.Connection) -> None:
    from services.evaluation.rulebooks.loader import load_rulebook  # noqa: PLC0415 (only here)
    from services.evaluation.rulebooks.receipt import receipt_digest, replay  # noqa: PLC0415 (only here)

    assessment = await _judge(system, form(1))
    row = await owner.fetchrow(
        "SELECT receipt, receipt_digest, text FROM assessment JOIN rulebook_version ON digest = rulebook_digest"
    )
    assert replay(row["receipt"], load_rulebook(row["text"], origin="stored")) == row["receipt"]
    assert receipt_digest(row["receipt"]) == row["receipt_digest"] == assessment["receipt_digest"]
