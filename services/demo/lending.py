"""The whitelist for pledge financing in the demo: approved, pulled, superseded by an exit, and verified offline."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.demo.api import Api, DemoError, until
from services.demo.people import People, bank_client, machine_token
from services.finance.lists.commands import genuine_table
from services.finance.lists.reading import read_file
from services.finance.lists.verification import faults_of, public_keys
from shared import calendar
from shared.reference.divisions import cities
from shared.reference.programmes import ListProgrammeData
from shared.reference.province import province
from shared.settings import Settings

_LISTED = 3
# A ground of exit that takes effect at once.
_GROUND = "safety_accident"
_DOCUMENT = {"title": "（虚构）事故调查报告", "issuer": "【虚构】示范市应急管理局"}


@dataclass(slots=True)
class Whitelist:
    """What a bank holds: two editions, the changes between them, and its files."""

    title: str = ""
    first: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    recalled: str = ""
    left: str = ""
    workbook: bytes = b""
    keys: Any = None


def _programme() -> ListProgrammeData:
    """The list whose enterprises must consent, and whose editions somebody approves."""
    return next(one for one in province().programmes.programmes if one.consent is not None and one.approval)


async def lend(api: Api, people: People, settings: Settings, pool_list: str, forms: list[dict[str, Any]]) -> Whitelist:
    """From consents and copies of the register to the edition that takes an exit's place, as a bank meets it."""
    programme = _programme()
    path, held = f"/v1/lists/{programme.code}", Whitelist(title=programme.title)
    pool = await api.json("finance", "GET", f"/v1/lists/{pool_list}/editions/latest", people.planner)
    told = {form["uscc"]: form for form in forms}
    members = [one for one in pool["entries"] if one["uscc"] in told][:_LISTED]
    for one in members:
        await _prepare(api, people, programme, one, told[one["uscc"]])
    credentials = await bank_client(settings)
    subscription = {"client_id": credentials.client_id}
    await api.json("finance", "POST", f"{path}/subscriptions", people.planner, json=subscription)
    bank = await machine_token(api, "finance", credentials)
    judgements = f"/v1/programmes/{programme.code}/judgements"
    judged = await api.json("evaluation", "POST", judgements, people.planner, key="whitelist")
    await _approve(api, people, path, judged["id"])
    held.first = (await _edition(api, path, bank, 1)).json()
    if [one["uscc"] for one in held.first["entries"]] != [one["uscc"] for one in members]:
        raise DemoError(f"the whitelist has {held.first['count']} entries, not the {len(members)} that meet its rule")
    await _expel(api, people, members[-1])
    held.left = members[-1]["name"]
    await _edition(api, path, bank, 2)
    held.changes = (await api.json("finance", "GET", f"{path}/changes", bank, params={"since": 1}))["content"]
    earlier = await api.call("finance", "GET", f"{path}/editions/1", bank)
    held.recalled = earlier.headers.get("X-Edition-Recalled", "").partition("superseded-by=")[2]
    if held.recalled != "2" or [len(held.changes[name]) for name in ("added", "removed")] != [0, 1]:
        raise DemoError(f"edition 2 is not edition 1 without {held.left}, or edition 1 is not recalled")
    file = await api.call("finance", "GET", f"{path}/editions/2/files/xlsx", bank)
    if not file.is_success:
        raise DemoError(f"the workbook of edition 2: {file.status_code} {file.text[:800]}")
    held.workbook, held.keys = file.content, await api.json("finance", "GET", "/v1/lists/jwks.json")
    return held


async def _prepare(
    api: Api, people: People, programme: ListProgrammeData, entry: dict[str, Any], form: dict[str, Any]
) -> None:
    """What the list's rule asks for beyond membership: consent on paper, and a copy of the register."""
    uscc, today = entry["uscc"], calendar.business_date(calendar.now())
    consent = {
        "uscc": uscc,
        "purpose": programme.consent,
        "given_on": today.isoformat(),
        "document": "（虚构）知识产权质押融资授权书",
    }
    city = people.cities[entry["city_code"]]
    await api.json("finance", "POST", "/v1/consents", city, key=f"consent-{uscc}", json=consent)
    patent = next(one for one in form["patents"] if one["legal_status"] == "valid")
    extract = {
        "patent_no": patent["application_no"],
        "uscc": uscc,
        "legal_status": "valid",
        "filed_on": f"{int(patent['granted_on'][:4]) - 1}-01-15",
        "granted_on": patent["granted_on"],
        "fees_paid_until": (today + timedelta(days=300)).isoformat(),
        "suspended": False,
        "invalidation_pending": False,
        "co_owned": False,
        "same_day_twin": False,
        "as_of": today.isoformat(),
        "document": "（虚构）专利登记簿副本",
    }
    await api.json("finance", "POST", "/v1/patent-extracts", people.planner, key=f"extract-{uscc}", json=extract)


async def _approve(api: Api, people: People, path: str, judgement_id: str) -> None:
    """By the finance officer, what came of this judgement: the system judges by itself, too."""

    async def proposed() -> dict[str, Any] | None:
        items = (await api.json("finance", "GET", f"{path}/proposals", people.treasurer))["items"]
        return next((one for one in items if one["judgement_id"] == judgement_id), None)

    proposal = await until(proposed, "the proposal of a whitelist")
    body = {"digest": proposal["digest"], "reason": "经核对，同意发布"}
    approval = f"{path}/proposals/{proposal['id']}:approve"
    await api.json("finance", "POST", approval, people.treasurer, key="whitelist-approval", json=body)


async def _edition(api: Api, path: str, bank: str, serial: int) -> httpx.Response:
    async def published() -> httpx.Response | None:
        answer = await api.call("finance", "GET", f"{path}/editions/latest", bank)
        return answer if answer.status_code == HTTPStatus.OK and answer.json()["serial"] >= serial else None

    return await until(published, f"edition {serial} of the whitelist")


async def _expel(api: Api, people: People, entry: dict[str, Any]) -> None:
    """An accident that one officer alleges and another confirms ends the stay by a plan that two people carry."""
    yesterday = calendar.business_date(calendar.now()) - timedelta(days=1)
    incident = {"uscc": entry["uscc"], "kind": _GROUND, "occurred_on": yesterday.isoformat(), "document": _DOCUMENT}
    reason = {"reason": "（虚构）经核查属实"}
    alleged = await api.json("intake", "POST", "/v1/incidents", people.planner, key="accident", json=incident | reason)
    confirmation = f"/v1/incidents/{alleged['id']}:confirm"
    await api.json(
        "intake", "POST", confirmation, people.approver, key="accident-confirmed", json=reason | {"document": _DOCUMENT}
    )
    body = {"pool": province().pool_code}
    plan = await api.json("evaluation", "POST", "/v1/adjustments", people.planner, key="exit", json=body)
    own = f"/v1/adjustments/{plan['id']}"
    await api.json("evaluation", "POST", f"{own}:approve", people.approver)
    await api.json("evaluation", "POST", f"{own}:commit", people.planner)


def show_whitelist(screen: Console, held: Whitelist, folder: Path) -> None:
    """Print edition 1, what the exit changed, and what `peiyu verify` says of edition 2's workbook in `folder`."""
    title = f"{held.title}　第{held.first['serial']}期 · the whitelist, edition {held.first['serial']}"
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for heading in ("统一社会信用代码", "企业", "市州", "可质押专利"):
        table.add_column(heading, overflow="fold")
    names = {one.code: one.name for one in cities()}
    for one in held.first["entries"]:
        city = names.get(one["city_code"]) or one["city_code"]
        table.add_row(*map(escape, (one["uscc"], one["name"], city, str(one["pledgeable_patents"]))))
    screen.print(table)
    screen.print(
        f"  {escape(held.left)}退库后：第{held.changes['since']}期至第{held.changes['to']}期"
        f"移出{len(held.changes['removed'])}家、新增{len(held.changes['added'])}家；第1期已由第{held.recalled}期召回 · "
        "one exit, told as a delta and a recall"
    )
    workbook, keys = folder / "whitelist-2.xlsx", folder / "jwks.json"
    folder.mkdir(exist_ok=True)
    workbook.write_bytes(held.workbook)
    keys.write_text(json.dumps(held.keys), encoding="utf-8")
    file = read_file(workbook.read_bytes())
    if found := faults_of(file, public_keys(held.keys)):
        raise DemoError(f"{workbook}: {found[0].code} at {found[0].place}")
    screen.print(f"\n[bold]peiyu verify {workbook} --keys {keys}[/bold]", soft_wrap=True)
    screen.print(genuine_table(file))
