"""The plan of the round: frozen, approved, under public notice with an objection upheld and one dismissed, committed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from services.demo.api import Api, DemoError
from services.demo.applying import CYCLE
from services.demo.judging import Judged
from services.demo.people import People

_PLANS = "/v1/selection-plans"
# (grounds, what becomes of it, why): about the last two that the plan admits.
_OBJECTIONS = (
    ("（虚构）主营产品与所列专利不符", "uphold", "经核查，主营产品未实施所列专利，异议成立"),
    ("（虚构）研发投入数额有疑", "dismiss", "经核对审计报告，数额无误，异议不成立"),
)


async def select(api: Api, people: People, pool: str, judged: Judged) -> None:
    """Propose, approve by a second person, publish, hear objections, end the notice, commit."""
    body = {"cycle": CYCLE, "pool": pool}
    frozen = await api.json("evaluation", "POST", _PLANS, people.planner, key="plan", json=body)
    plan = f"{_PLANS}/{frozen['id']}"
    await api.json("evaluation", "POST", f"{plan}:approve", people.approver)
    notice = await api.json("evaluation", "POST", f"{plan}:publish", people.planner, key="notice")
    entries = await api.pages("evaluation", f"{plan}/entries", people.planner)
    admitted = [entry for entry in entries if entry["admitted"]]
    path = f"/v1/notices/{notice['number']}"
    for entry, (grounds, decision, reason) in zip(reversed(admitted), _OBJECTIONS, strict=False):
        objection = await _object(api, people, path, entry, grounds)
        own = f"/v1/objections/{objection['id']}"
        decider = await _decider(api, people, own)
        judged.objections.append(
            await api.json("evaluation", "POST", f"{own}:{decision}", decider, json={"reason": reason})
        )
    await api.json("evaluation", "POST", f"{path}:end", people.planner)
    judged.plan = await api.json("evaluation", "POST", f"{plan}:commit", people.planner)
    judged.notice = await api.json("evaluation", "GET", path, people.planner)
    struck = {one["uscc"] for one in judged.objections if one["status"] == "upheld"}
    if judged.notice["struck"] != len(struck):
        raise DemoError(f"the notice tells of {judged.notice['struck']} struck entries, not of {len(struck)}")
    for entry in admitted:
        if entry["uscc"] not in struck:
            judged.admitted_by_city[entry["city_code"]] = judged.admitted_by_city.get(entry["city_code"], 0) + 1


async def _decider(api: Api, people: People, objection: str) -> str:
    """The first decider of another city: whoever may not decide is refused the declaration."""
    for token in people.deciders.values():
        declared = await api.call("evaluation", "POST", f"{objection}:declare", token, json={"conflict": False})
        if declared.is_success:
            return token
        if declared.status_code != HTTPStatus.FORBIDDEN:
            raise DemoError(f"{objection}:declare: {declared.status_code} {declared.text[:800]}")
    raise DemoError(f"no reviewer may decide on {objection}")


async def _object(api: Api, people: People, path: str, entry: dict[str, Any], grounds: str) -> dict[str, Any]:
    body = {
        "uscc": entry["uscc"],
        "grounds": grounds,
        "document": "（虚构）异议书",
        "objector": {"name": "王某（虚构）", "contact": "（虚构）000-00000000"},
    }
    recorder = people.cities[entry["city_code"]]
    key = f"objection-{entry['uscc']}"
    return await api.json("evaluation", "POST", f"{path}/objections", recorder, key=key, json=body)
