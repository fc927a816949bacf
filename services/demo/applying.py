"""First half of the round: a cycle opens, enterprises apply, cities recommend or return."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from services.demo.api import Api, each, until
from services.demo.invented_enterprises import DEFAULT_AS_OF
from services.demo.people import People, enterprise_client, machine_token
from shared import calendar
from shared.reference.divisions import cities
from shared.settings import Settings

CYCLE = "2026-1"
_QUOTA, _CAPITAL_QUOTA = 8, 20
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Trip:
    """One leg of a workbook's way there and back."""

    title: str
    read: int
    accepted: int
    rejected: int


@dataclass(slots=True)
class Applied:
    """What the first half left behind."""

    rows_read: int = 0
    imported: int = 0
    rejected: int = 0
    rejected_rows: list[dict[str, Any]] = field(default_factory=list)
    single: int = 0
    returned: int = 0
    recommended: int = 0
    by_city: Counter[str] = field(default_factory=Counter)
    trip: list[Trip] = field(default_factory=list[Trip])
    mended: int = 0
    lines_imported: int = 0
    lines_rejected: int = 0
    evidence: int = 0
    check: dict[str, Any] = field(default_factory=dict[str, Any])

    def count(self, done: dict[str, Any]) -> None:
        """Add a processed import's rows."""
        self.rows_read += done["rows_read"]
        self.imported += done["rows_accepted"]
        self.rejected += done["rows_rejected"]


async def open_cycle(api: Api, people: People) -> None:
    """Pin the cycle to the province's first rulebook; the capital has a larger quota (the demo's own numbers)."""
    (rulebook, *_) = await api.json("evaluation", "GET", "/v1/rulebooks", people.planner)
    first, *others = (city.code for city in cities())
    now = calendar.now()
    body = {
        "code": CYCLE,
        "title": "2026 年第一批（演示）",
        "rulebook_id": rulebook["id"],
        "rulebook_digest": rulebook["digest"],
        "opens_at": (now - timedelta(days=1)).isoformat(),
        "closes_at": (now + timedelta(days=30)).isoformat(),
        # Qualifications and agreements are judged on this day; the invented ones are dated around it.
        "assessed_on": DEFAULT_AS_OF.isoformat(),
        "quotas": {first: _CAPITAL_QUOTA} | dict.fromkeys(others, _QUOTA),
    }
    await api.json("intake", "POST", "/v1/cycles", people.planner, key="cycle", json=body)


async def upload_workbook(api: Api, officer: str, name: str, content: bytes, applied: Applied) -> None:
    """An officer uploads a workbook, waits until it is read, and reads what was rejected."""
    received = await api.json(
        "intake",
        "POST",
        f"/v1/cycles/{CYCLE}/applications:importWorkbook",
        officer,
        key="workbook",
        files={"file": (name, content, _XLSX)},
    )

    async def finished() -> dict[str, Any] | None:
        found = await api.json("intake", "GET", f"/v1/imports/{received['id']}", officer)
        return None if found["status"] == "received" else found

    done = await until(finished, f"the import of {name}")
    if done["status"] != "processed":
        raise RuntimeError(json.dumps(done["problem"], ensure_ascii=False))
    applied.count(done)
    applied.rejected_rows += await api.pages("intake", f"/v1/imports/{received['id']}/rejected-rows", officer)


async def apply_singly(api: Api, settings: Settings, forms: list[dict[str, Any]], applied: Applied) -> dict[str, str]:
    """Each enterprise applies over HTTP with credentials of its own; returns their tokens by USCC."""
    tokens: dict[str, str] = {}

    async def one(form: dict[str, Any]) -> None:
        credentials = await enterprise_client(settings, form["uscc"])
        tokens[form["uscc"]] = await machine_token(api, "intake", credentials)
        path = f"/v1/cycles/{CYCLE}/applications"
        await api.json("intake", "POST", path, tokens[form["uscc"]], key="apply", json=form)
        applied.single += 1

    await each(forms, one, at_once=2)
    return tokens


async def decide(
    api: Api, people: People, forms: list[dict[str, Any]], tokens: dict[str, str], applied: Applied
) -> None:
    """Each city recommends what it received; one returns an application, which is corrected and comes again.

    In three cities the last application is returned and stays so.
    """
    returned_form = forms[0]
    await _return_and_resubmit(api, people, returned_form, tokens[returned_form["uscc"]])
    keep_returned = set([city.code for city in cities()][:3])

    async def one_city(code: str) -> None:
        token = people.cities[code]
        waiting = await api.pages("intake", "/v1/applications", token, cycle=CYCLE, status="submitted")
        ids = [one["id"] for one in waiting]
        if code in keep_returned and len(ids) > 1:
            last = ids.pop()
            reasons = [{"field": "/collaborations", "reason": "请补充产学研合作协议的起止日期"}]
            await api.json("intake", "POST", f"/v1/applications/{last}:return", token, json={"reasons": reasons})
        if ids:
            body = {"application_ids": ids}
            await api.json("intake", "POST", "/v1/applications:recommend", token, json=body)

    await each(list(people.cities), one_city)
    everything = await api.pages("intake", "/v1/applications", people.planner, cycle=CYCLE)
    applied.recommended = sum(one["status"] in {"recommended", "passed_on"} for one in everything)
    applied.returned = sum(one["status"] == "returned" for one in everything)
    applied.by_city = Counter(one["city_code"] for one in everything)


async def _return_and_resubmit(api: Api, people: People, form: dict[str, Any], token: str) -> None:
    (own,) = await api.pages("intake", "/v1/applications", token, cycle=CYCLE)
    reasons = [{"field": "/contact_name", "reason": "请填写联系人"}]
    city = people.cities[own["city_code"]]
    if own["status"] == "submitted" and own["revision"] == 1:
        await api.json("intake", "POST", f"/v1/applications/{own['id']}:return", city, json={"reasons": reasons})
    corrected = form | {"contact_name": "张三（虚构）"}
    path = f"/v1/cycles/{CYCLE}/applications"
    await api.json("intake", "POST", path, token, key="apply-again", json=corrected)
