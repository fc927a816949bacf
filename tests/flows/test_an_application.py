"""An enterprise's way into the pool: draft, check, evidence, correction, judgement; and the way back out of it."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import asyncpg
import pytest
from support.evidence import pdf
from support.forms import HUANGSHI, form, patent
from support.rounds import PLANS, approved, committed_plan, frozen_plan, pool_members, settle_all
from support.system import System

from shared.models.intake.applications import APPLICATION_SECTIONS

CITY, OTHER_CITY = "420100", "420200"
WHOLE = form(1)
USCC = WHOLE["uscc"]


class Applicant:
    """An enterprise at work on its application: it knows its token, its application and the draft's tag."""

    def __init__(self, system: System, uscc: str) -> None:
        self.system, self.token = system, system.enterprise(uscc)
        self.id = self.tag = ""

    @property
    def path(self) -> str:
        return f"/v1/applications/{self.id}"

    async def begin(self, content: dict[str, Any]) -> None:
        draft = await self.system.ok("intake", "POST", "/v1/cycles/2024-1/drafts", self.token, json=content)
        self.id, self.tag = draft["application_id"], draft["tag"]

    async def reread(self) -> dict[str, Any]:
        draft = await self.system.ok("intake", "GET", f"{self.path}/draft", self.token)
        self.tag = draft["tag"]
        return draft

    async def save(self, **patch: Any) -> dict[str, Any]:
        match = {"If-Match": f'"{self.tag}"'}
        draft = await self.system.ok("intake", "PATCH", f"{self.path}/draft", self.token, json=patch, headers=match)
        self.tag = draft["tag"]
        return draft

    async def check(self) -> dict[str, Any]:
        return await self.system.ok("intake", "POST", f"{self.path}:check", self.token)

    async def submit(self) -> int:
        return (await self.system.ok("intake", "POST", f"{self.path}:submit", self.token))["revision"]

    async def shown(self) -> dict[str, Any]:
        return await self.system.ok("intake", "GET", self.path, self.token)

    async def confirmed(self) -> dict[str, tuple[int | None, str | None]]:
        """Section by section: the revision confirmed, and by whom, which the enterprise is not told."""
        auditor = self.system.officer("auditor", "auditor")
        sections = (await self.system.ok("intake", "GET", self.path, auditor))["sections"]
        told = {one["confirmed_by"] for one in (await self.shown())["sections"]}
        assert told <= {"武汉市知识产权局", None}
        return {one["section"]: (one["confirmed_revision"], one["confirmed_by"]) for one in sections}


@pytest.fixture
async def applicant(system: System) -> Applicant:
    """A draft with gaps: no declarations, no staff for 知识产权, too little spent on research."""
    await system.open_cycle()
    gaps = {
        "finance": WHOLE["finance"] | {"rd_expense_cny": "3680000.00", "revenue_cny": "40000000.00"},
        "people": WHOLE["people"] | {"ip_staff": None},
        "declarations": None,
    }
    found = Applicant(system, USCC)
    await found.begin({key: value for key, value in (WHOLE | gaps).items() if value is not None})
    return found


async def test_from_a_draft_with_gaps_to_a_judged_application(
    system: System, applicant: Applicant, owner: asyncpg.Connection
) -> None:
    await _is_told_what_is_missing(applicant)
    evidence = await _attaches_evidence(applicant)
    assert await applicant.submit() == 1
    await _corrects_one_section_and_no_other(applicant)
    assert {one["id"] for one in (await _evidence_of(applicant, revision=2))["items"]} == {evidence}

    await system.recommend(CITY, [applicant.id])
    everything = dict.fromkeys(APPLICATION_SECTIONS, (2, f"officer-{CITY}"))
    assert await applicant.confirmed() == everything
    await _corrects_for_the_province(applicant)
    assert await applicant.confirmed() == everything | {"patents": (None, None)}
    second = system.officer("second", "city_officer", CITY)
    await system.ok("intake", "POST", "/v1/applications:recommend", second, json={"application_ids": [applicant.id]})
    assert await applicant.confirmed() == everything | {"patents": (3, "second")}

    await system.drain()
    assert (await applicant.shown())["status"] == "passed_on"
    # It was recommended twice before anybody took it in: it is judged once, and nothing had to be tried again.
    assert await owner.fetchval("SELECT sum(failures) FROM outbox_event") == 0
    (judged,) = await system.assessments()
    assert (judged["uscc"], judged["overall"]) == (USCC, "unknown")
    assert (await system.settle(judged["id"]))["overall"] == "met"
    await _history_says_who_when_and_why(applicant)
    await _evidence_is_seen_by_those_concerned(system, applicant, evidence)


async def _is_told_what_is_missing(applicant: Applicant) -> None:
    checked = await applicant.check()
    assert (checked["ready"], [one["pointer"] for one in checked["violations"]]) == (False, ["/declarations"])
    parts = {part["part"]: part for one in checked["judgement"]["criteria"] for part in one["parts"]}
    assert parts["6.rd_investment"]["advice_zh"].startswith("研发投入再增加 32.00 万元")
    assert parts["9.staff"]["missing"][0]["fields"] == ["/people/ip_staff"]
    numbers = [one["number"] for one in checked["judgement"]["criteria"]]
    assert numbers == list(range(1, 11))
    saved = await applicant.save(finance=WHOLE["finance"], people=WHOLE["people"], declarations=WHOLE["declarations"])
    assert saved["violations"] == []
    checked = await applicant.check()
    assert (checked["ready"], checked["judgement"]["overall"]) == (True, "unknown")
    assert {one["verdict"] for one in checked["judgement"]["criteria"]} == {"met", "unknown"}


async def _attaches_evidence(applicant: Applicant) -> str:
    content = pdf("专项审计报告".encode().hex())
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    request = {"content": content, "params": {"file_name": "研发费用专项审计报告.pdf", "criterion": 6}}
    path, system = f"{applicant.path}/attachments", applicant.system
    wrong = request | {"headers": {"Content-Digest": f"sha-256=:{'A' * 43}=:"}}
    await system.refused("intake", "POST", path, applicant.token, "content_digest_mismatch", 422, **wrong)
    right = request | {"headers": {"Content-Digest": f"sha-256=:{digest}:"}}
    attached = await system.ok("intake", "POST", path, applicant.token, **right)
    assert (attached["digest"], attached["criterion"]) == (hashlib.sha256(content).hexdigest(), 6)
    return attached["id"]


async def _evidence_of(applicant: Applicant, **params: Any) -> Any:
    return await applicant.system.ok("intake", "GET", f"{applicant.path}/attachments", applicant.token, params=params)


async def _corrects_one_section_and_no_other(applicant: Applicant) -> None:
    system = applicant.system
    reasons = [{"field": "/people/rd_staff", "reason": "与社保缴纳人数不符"}]
    city = system.officer(f"officer-{CITY}", "city_officer", CITY)
    await system.ok("intake", "POST", f"{applicant.path}:return", city, json={"reasons": reasons})
    shown = await applicant.shown()
    assert (shown["status"], shown["return_reasons"]) == ("returned", reasons)
    assert [one["section"] for one in shown["sections"] if one["reopened"]] == ["people"]

    assert (await applicant.reread())["content"]["people"]["rd_staff"] == 20
    await applicant.save(people={"rd_staff": 22}, finance={"revenue_cny": "130000000.00"})
    problem = await system.refused(
        "intake", "POST", f"{applicant.path}:submit", applicant.token, "section_not_reopened", 422
    )
    assert [one["pointer"] for one in problem["violations"]] == ["/finance/revenue_cny"]
    assert (await applicant.shown())["revision"] == 1
    await applicant.save(finance={"revenue_cny": WHOLE["finance"]["revenue_cny"]})
    assert await applicant.submit() == 2


async def _corrects_for_the_province(applicant: Applicant) -> None:
    reasons = {"reasons": [{"field": "/patents", "reason": "请补充新授权专利"}]}
    officer = applicant.system.officer("province", "province_officer")
    await applicant.system.ok("intake", "POST", f"{applicant.path}:reopen", officer, json=reasons)
    patents = (await applicant.reread())["content"]["patents"]
    await applicant.save(patents=[*patents, patent(77)])
    assert await applicant.submit() == 3


async def _history_says_who_when_and_why(applicant: Applicant) -> None:
    system, auditor = applicant.system, applicant.system.officer("auditor", "auditor")
    compared = await system.ok("intake", "GET", f"{applicant.path}/revisions:compare?from=1&to=2", auditor)
    (change,) = compared["changes"]
    assert (change["pointer"], change["before"], change["after"]) == ("/people/rd_staff", 20, 22)
    compared = await system.ok("intake", "GET", f"{applicant.path}/revisions:compare?from=2&to=3", auditor)
    added = f"/patents/{patent(77)['application_no']}"
    assert [(one["kind"], one["pointer"]) for one in compared["changes"]] == [("added", added)]

    acts = (await system.ok("intake", "GET", f"{applicant.path}/history", auditor))["items"]
    own, city = f"enterprise-{USCC}", f"officer-{CITY}"
    assert [(one["act"], one["actor"]) for one in acts if one["act"] != "save_draft"] == [
        ("submit", own),
        ("return", city),
        ("resubmit", own),
        ("recommend", city),
        ("reopen", "province"),
        ("resubmit", own),
        ("recommend", "second"),
        ("pass_on", "system"),
    ]
    why = {one["act"]: one["reasons"][0]["reason"] for one in acts if one["reasons"]}
    assert why == {"return": "与社保缴纳人数不符", "reopen": "请补充新授权专利"}
    assert [one["at"] for one in acts] == sorted(one["at"] for one in acts)
    assert {one["actor"] for one in acts if one["act"] == "save_draft"} == {own}


async def _evidence_is_seen_by_those_concerned(system: System, applicant: Applicant, evidence: str) -> None:
    content = f"/v1/attachments/{evidence}/content"
    neighbour = form(2)
    await system.submit(neighbour)
    reviewer = system.officer("r", "reviewer")
    await system.refused("intake", "GET", content, reviewer, "not_found", 404)
    (judged,) = await system.assessments()
    await system.take_up(judged["id"], "r")
    for reader in (reviewer, system.officer("c", "city_officer", CITY), applicant.token):
        answer = await system.request("intake", "GET", content, reader)
        assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
    for stranger in (system.officer("h", "city_officer", OTHER_CITY), system.enterprise(neighbour["uscc"])):
        for path in (content, f"{applicant.path}/attachments", f"{applicant.path}/history", applicant.path):
            await system.refused("intake", "GET", path, stranger, "not_found", 404)


async def test_one_withdraws_from_a_frozen_plan_and_another_cannot_from_a_committed_one(system: System) -> None:
    await system.open_cycle()
    forms = [form(1), form(2), form(3, HUANGSHI)]
    ids = [(await system.submit(one))["id"] for one in forms]
    await system.recommend(CITY, ids[:2])
    await system.recommend(OTHER_CITY, ids[2:])
    await system.drain()
    await settle_all(system)
    plan = await frozen_plan(system)
    assert plan["summary"]["admitted"] == 3
    await approved(system, plan)

    owners = [system.enterprise(one["uscc"]) for one in forms]
    await system.ok("intake", "POST", f"/v1/applications/{ids[0]}:withdraw", owners[0], json={})
    planner = system.officer("planner", "province_officer")
    await system.refused("evaluation", "POST", f"{PLANS}/{plan['id']}:commit", planner, "plan_stale", 409)
    assert await pool_members(system) == []

    again = await committed_plan(system)
    assert (again["status"], again["summary"]["admitted"]) == ("committed", 2)
    path = f"/v1/applications/{ids[1]}:withdraw"
    await system.refused("intake", "POST", path, owners[1], "already_selected", 409, json={})
    assert {one["uscc"] for one in await pool_members(system)} == {one["uscc"] for one in forms[1:]}
    shown = [(await system.ok("intake", "GET", f"/v1/applications/{id_}", planner))["status"] for id_ in ids]
    assert shown == ["withdrawn", "passed_on", "passed_on"]
