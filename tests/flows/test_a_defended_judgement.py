"""A judgement over HTTP from what others state of the facts to what a court could ask for, and the same again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from support.forms import form
from support.notices import Notices, uscc_of
from support.reviewing import review
from support.rounds import PLANS, pool_members
from support.system import System
from typer.testing import CliRunner

from services.cli import app
from shared.reference.province import province

ZHAO, QIAN = ("zhao", "reviewer"), ("qian", "reviewer")
CITY = "420100"
VERIFIED = {
    "fact": "rd_staff",
    "source": "city_verified",
    "value": 21,
    "as_of": "2024-06-20",
    "basis": "现场核查花名册",
}
STRICTER = ("0.50 * NULLIF(industrialisation_denominator, 0)", "0.60 * NULLIF(industrialisation_denominator, 0)")


async def _recommended(system: System, *forms: dict[str, Any]) -> dict[str, str]:
    """Application by code."""
    await system.open_cycle(quotas={CITY: 10})
    received = {one["uscc"]: (await system.submit(one))["id"] for one in forms}
    await system.recommend(CITY, list(received.values()))
    await system.drain()
    return received


async def _current(system: System, uscc: str) -> dict[str, Any]:
    return next(one for one in await system.assessments() if one["uscc"] == uscc)


async def _excused(system: System, uscc: str) -> None:
    """A deviation proposed by zhao, who found the rest met, and signed by qian."""
    one = await _current(system, uscc)
    zhao = system.officer(*ZHAO)
    body = {"part": "2.qualification", "reason": "省级重点实验室依托单位"}
    path = f"/v1/assessments/{one['id']}/deviations"
    deviation = await system.ok("evaluation", "POST", path, zhao, json=body)
    sign = f"/v1/deviations/{deviation['id']}:sign"
    await system.refused("evaluation", "POST", sign, zhao, "second_person_required", 403)
    signed = await system.ok("evaluation", "POST", sign, await system.prepare_to_sign(one["id"], "qian"))
    assert signed["overall"] == "deviation"


async def _verified(system: System, uscc: str) -> None:
    """The city says otherwise than the form: judged again, the review open for the disagreement alone, and resolved."""
    before = await _current(system, uscc)
    verifier = system.officer("verifier", "city_officer", CITY)
    await system.ok("evaluation", "POST", f"/v1/enterprises/{uscc}/fact-statements", verifier, json=VERIFIED)
    await system.drain()
    after = await _current(system, uscc)
    assert (after["id"] != before["id"], after["overall"]) == (True, "met")
    opened = await system.review_of(after["id"])
    waiting = [(item["part"], item["kind"]) for item in (await review(system, opened["id"]))["items"] if item["open"]]
    assert waiting == [("7.staff_or_collaboration", "conflict")]
    body = {"part": "7.staff_or_collaboration", "kind": "conflict", "reason": "以核查花名册为准"}
    await system.ok("evaluation", "POST", f"/v1/reviews/{opened['id']}:resolve", system.officer(*ZHAO), json=body)


async def _appealed(system: System, notices: Notices, application: str, uscc: str) -> None:
    body = {"grounds": "科研带头人材料未被采信，现补充聘用合同", "document": "（虚构）复核申请1号"}
    path = f"/v1/applications/{application}/appeals"
    appeal = await system.ok("evaluation", "POST", path, system.enterprise(uscc), json=body)
    await notices.accept(appeal)
    state = await system.settle((await _current(system, uscc))["id"], reviewer="qian")
    assert state["overall"] == "met"


async def test_a_judgement_is_explained_reviewed_noticed_appealed_and_replayed(system: System, tmp_path: Path) -> None:
    plain, excused, verified, objected, rejected = (uscc_of(number) for number in range(1, 6))
    notices = Notices(system)
    forms = [form(1), form(2, qualifications=[]), form(3), form(4), form(5)]
    applications = await _recommended(system, *forms)
    for one in await system.assessments():
        await system.settle(one["id"], met=one["uscc"] != rejected, reviewer="zhao")
    await _excused(system, excused)
    await _verified(system, verified)

    plan, notice = await notices.published()
    assert set(await notices.states(notice["number"])) == {plain, excused, verified, objected}
    await _appealed(system, notices, applications[rejected], rejected)
    await notices.end(notice["number"])
    await system.refused("evaluation", "POST", f"{PLANS}/{plan}:commit", notices.planner, "plan_stale", 409)

    plan, notice = await notices.published()
    held = [await notices.object(notice["number"], one) for one in (objected, plain)]
    await notices.decide(held[0], "uphold")
    await notices.decide(held[1], "dismiss")
    await notices.end(notice["number"])
    assert (await notices.commit(plan))["status"] == "committed"
    members = {one["uscc"] for one in await pool_members(system)}
    assert members == {plain, excused, verified, rejected}
    await system.drain()
    await _defended(system, verified, tmp_path)


async def _defended(system: System, uscc: str, folder: Path) -> None:
    """What the auditor gets of the past: the stored bytes, the page, every receipt again, another rulebook's word."""
    auditor, planner = system.officer("auditor", "auditor"), system.officer("planner", "province_officer")
    one = await _current(system, uscc)
    answer = await system.request("evaluation", "GET", f"/v1/assessments/{one['id']}/receipt", auditor)
    assert answer.headers["ETag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    full = await system.ok("evaluation", "GET", f"/v1/assessments/{one['id']}", auditor)
    file = folder / "assessment.json"
    file.write_text(json.dumps(full), encoding="utf-8")
    shown = CliRunner().invoke(app, ["receipt", "show", str(file)])
    assert shown.exit_code == 0, shown.output
    assert "研发人员 21 人（市州核实，截至 2024-06-20；企业自报 20 人）" in shown.output
    assert "重放一致" in shown.output

    replayed = await system.ok("evaluation", "POST", "/v1/cycles/2024-1/receipts:replay", auditor)
    # Five judged first, one again by what the city verified, one again on appeal.
    assert (replayed["receipts"], replayed["equal"], replayed["items"]) == (7, 7, [])
    text = province().rulebooks.joinpath("hubei-2024.toml").read_text(encoding="utf-8")
    body = {"rulebook_text": text.replace('id = "hubei-2024"', 'id = "stricter"').replace(*STRICTER)}
    impact = await system.ok("evaluation", "POST", "/v1/cycles/2024-1/impact", planner, json=body)
    assert (impact["summary"]["judged"], impact["summary"]["changed"]) == (5, 5)
    assert {item["after"] for item in impact["items"]} == {"not_met"}
