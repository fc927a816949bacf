"""Second half of the round: judgement, review, selection, publication, and the bank's pull."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import httpx
from joserfc.jwk import OKPKey

from services.demo.api import Api, DemoError, each, until
from services.demo.applying import CYCLE
from services.demo.people import People, bank_client, homes, homes_of_deciders, machine_token
from services.finance.lists.edition import is_genuine
from shared.settings import Settings

# Every sixteenth enterprise does not convince the reviewer, so that findings go both ways.
_DOUBTED_LAST_CHARACTERS = "7"
_EXCUSED = {
    "2": "所在领域尚无对应资质批次，已有省级以上研发平台，建议例外",
    "3": "主营业务小类未列入目录，但产品属专利密集型产品，建议例外",
    "4": "专利产品备案已提交、正在审核，建议例外",
}


_DECLARED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Proposal:
    """A deviation that waits for a second signature."""

    deviation_id: str
    review_id: str
    uscc: str
    city_code: str
    proposer: str


@dataclass(slots=True)
class Judged:
    """What the second half left behind."""

    counts: dict[str, int] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=dict)
    notice: dict[str, Any] = field(default_factory=dict)
    objections: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    admitted_by_city: dict[str, int] = field(default_factory=dict)
    example: dict[str, Any] = field(default_factory=dict)
    edition_serial: int = 0
    edition_count: int = 0
    edition_digest: str = ""
    signature_genuine: bool = False
    pulled_count: int = 0


async def wait_until_judged(api: Api, people: People, recommended: int) -> None:
    async def judged() -> bool | None:
        counts = await api.json("evaluation", "GET", f"/v1/cycles/{CYCLE}/verdict-counts", people.planner)
        return True if counts["judged"] == recommended else None

    await until(judged, f"{recommended} judgements")


async def review(api: Api, people: People, judged: Judged) -> None:
    """Reviewers are registered and given reviews, declare, settle what needs a person, propose, and sign for others."""
    await _assign(api, people)
    proposals: list[Proposal] = []
    for name in people.reviewers:
        await _review_own(api, people, name, proposals)
    await _sign(api, people, proposals)
    judged.counts = await api.json("evaluation", "GET", f"/v1/cycles/{CYCLE}/verdict-counts", people.planner)
    path = f"/v1/cycles/{CYCLE}/assessments"
    deviating = await api.pages("evaluation", path, people.planner, overall="deviation")
    chosen = (deviating or await api.pages("evaluation", path, people.planner))[0]
    judged.example = await api.json("evaluation", "GET", f"/v1/assessments/{chosen['id']}", people.planner)


async def _assign(api: Api, people: People) -> None:
    for name, home in homes(people).items():
        body = {"subject": name, "home_city_code": home, "load_limit": 10_000}
        await api.json("evaluation", "POST", "/v1/reviewers", people.planner, key=f"reviewer-{name}", json=body)
    for name, home in homes_of_deciders(people).items():
        # They review nothing, and so have no part in what is objected to.
        body = {"subject": name, "home_city_code": home, "load_limit": 0}
        await api.json("evaluation", "POST", "/v1/reviewers", people.planner, key=f"reviewer-{name}", json=body)
    await api.json("evaluation", "POST", f"/v1/cycles/{CYCLE}/reviews:assign", people.planner, json={"limit": 10_000})


async def _declare(api: Api, token: str, review_ids: list[str]) -> None:
    """No conflict of interest in any of these."""
    for start in range(0, len(review_ids), _DECLARED_AT_ONCE):
        body = {"review_ids": review_ids[start : start + _DECLARED_AT_ONCE]}
        await api.json("evaluation", "POST", "/v1/reviews:declare", token, json=body)


async def _review_own(api: Api, people: People, name: str, proposals: list[Proposal]) -> None:
    token = people.reviewers[name]
    await _declare(api, token, [one["id"] for one in await api.pages("evaluation", "/v1/reviews", token)])

    async def one(review: dict[str, Any]) -> None:
        path = f"/v1/assessments/{review['assessment_id']}"
        full = await api.json("evaluation", "GET", path, token)
        parts = [part for criterion in full["criteria"] for part in criterion["parts"]]
        findings = [found for part in parts if (found := _finding(part, review["uscc"])) is not None]
        if findings:
            await api.json("evaluation", "POST", f"{path}/findings", token, json={"findings": findings})
        failed = [part for part in parts if part["computed"] == "not_met"]
        proposals.extend([await _excuse(api, token, name, review, part) for part in failed])

    await each(await api.pages("evaluation", "/v1/reviews", token), one)


def _finding(part: dict[str, Any], uscc: str) -> dict[str, Any] | None:
    """A reviewer judges what is a matter of judgement; a missing figure stays unknown."""
    # Whether an industry counts as patent-intensive is for a person to say where the catalogue is silent.
    reviewable = part["reason_code"] == "needs_finding" or part["part"].startswith("3.")
    if part["computed"] != "unknown" or not reviewable:
        return None
    met = uscc[-1] not in _DOUBTED_LAST_CHARACTERS
    reason = "经查阅材料并实地了解，予以认定" if met else "材料不足以支持，暂不认定"
    return {"part": part["part"], "met": met, "reason": reason}


async def _excuse(api: Api, token: str, name: str, review: dict[str, Any], part: dict[str, Any]) -> Proposal:
    proposed = await api.json(
        "evaluation",
        "POST",
        f"/v1/assessments/{review['assessment_id']}/deviations",
        token,
        key=f"deviation-{review['assessment_id']}-{part['part']}",
        json={"part": part["part"], "reason": _EXCUSED[part["part"].partition(".")[0]]},
    )
    return Proposal(proposed["id"], review["id"], review["uscc"], review["city_code"], name)


async def _sign(api: Api, people: People, proposals: list[Proposal]) -> None:
    """Each by somebody who neither proposed it nor is of that city; every third proposal stays unsigned."""
    convincing = [one for one in proposals if int(hashlib.sha256(one.uscc.encode()).hexdigest(), 16) % 3]
    for name, token in people.reviewers.items():
        mine = [one for one in convincing if _signatory(people, one) == name]
        await _declare(api, token, sorted({one.review_id for one in mine}))

        async def sign(one: Proposal, token: str = token) -> None:
            await api.json("evaluation", "POST", f"/v1/deviations/{one.deviation_id}:sign", token)

        await each(mine, sign)


def _signatory(people: People, proposal: Proposal) -> str:
    able = (name for name, home in homes(people).items() if name != proposal.proposer and home != proposal.city_code)
    return next(able)


async def pull_as_bank(api: Api, people: People, settings: Settings, programme: str, judged: Judged) -> None:
    """A bank is registered, subscribed, gets a token, pulls the edition and verifies it as it arrived."""
    credentials = await bank_client(settings)
    subscription = {"client_id": credentials.client_id}
    path = f"/v1/lists/{programme}"
    await api.json("finance", "POST", f"{path}/subscriptions", people.planner, json=subscription)
    token = await machine_token(api, "finance", credentials)

    async def published() -> httpx.Response | None:
        answer = await api.call("finance", "GET", f"{path}/editions/latest", token)
        return answer if answer.status_code == HTTPStatus.OK else None

    answer = await until(published, "edition 1 of the list")
    keys = await api.json("finance", "GET", "/v1/list-signing-keys", token)
    signature = answer.headers["X-Edition-Signature"]
    judged.signature_genuine = is_genuine(answer.content, signature, OKPKey.import_key(keys["keys"][0]))
    judged.edition_digest = hashlib.sha256(answer.content).hexdigest()
    if answer.headers["ETag"] != f'"{judged.edition_digest}"' or not judged.signature_genuine:
        raise DemoError("the edition that the bank pulled does not verify")
    document = answer.json()
    judged.edition_serial, judged.edition_count = document["serial"], document["count"]
    judged.pulled_count = len(document["entries"])
