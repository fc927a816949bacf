"""Every export beside the JSON list of the same name: the same rows for everybody, and the same refusals."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

import asyncpg
from support.forms import HUANGSHI, form
from support.lines import import_lines, ndjson
from support.members import HUANGSHI_CITY, WUHAN_CITY, admit, open_period
from support.system import System

from services.intake.applications.transitions import Status
from services.intake.exports.application_views import APPLICATION_STATUS
from services.intake.exports.enterprise_views import INCIDENT_STATUS
from services.intake.exports.import_views import IMPORT_FORMAT, IMPORT_MODE, IMPORT_STATUS, ROW_OUTCOME
from services.intake.exports.national_views import DELIVERY_STATUS, DIFFERENCE
from services.intake.exports.report_views import MAJOR_PROBLEM_STATUS, REPORT_STATUS, SEVERITY
from services.intake.exports.views import VIEWS
from services.intake.national.comparison import DifferenceKind
from shared.models.intake import imports, incidents, national, reports

MINE, OTHER = form(1), form(2, HUANGSHI)
DOCUMENT = {"title": "关于有关情形的通报", "issuer": "【虚构】示范市监管局", "number": "（虚构）1号"}
STEP = {"reason": "经核查属实", "document": DOCUMENT}
PROBLEM = {"title": "贷款集中到期", "description": "涉及三家企业", "severity": "major"}


@dataclass(frozen=True)
class Listed:
    """The JSON list of a view. A row is known by `members` there and by `headings` in the file."""

    path: str
    members: tuple[str, ...]
    headings: tuple[str, ...]


USCC, ROW = "统一社会信用代码", "行号"
LISTS = {
    "applications": Listed("applications", ("uscc", "cycle"), (USCC, "批次")),
    "cycles": Listed("cycles", ("code", "title"), ("批次", "名称")),
    "enterprises": Listed("enterprises", ("uscc", "name", "division_code"), (USCC, "企业名称", "行政区划代码")),
    "incidents": Listed("incidents", ("uscc", "kind_title", "occurred_on"), (USCC, "情形", "发生日期")),
    "business-notices": Listed("business-notices", ("uscc", "kind_title", "listed_on"), (USCC, "类别", "列入日期")),
    "imports": Listed("imports", ("id", "cycle"), ("编号", "批次")),
    "import-rows": Listed("imports/{import_id}/rows", ("line", "uscc", "application_id"), (ROW, USCC, "申报编号")),
    "rejected-rows": Listed("imports/{import_id}/rejected-rows", ("row", "uscc"), (ROW, USCC)),
    "progress-reports": Listed("progress-reports", ("period", "uscc", "revision"), ("报告期", USCC, "版次")),
    "major-problems": Listed("major-problems", ("title", "uscc", "reported_by"), ("标题", USCC, "上报人")),
    "national-deliveries": Listed(
        "national/deliveries", ("id", "key", "digest"), ("编号", "报送标识", "内容摘要（SHA-256）")
    ),
    "national-differences": Listed(
        "national/reconciliations/{reconciliation_id}/differences", ("kind", "key"), ("类别", "标识")
    ),
}


def people(system: System) -> dict[str, str]:
    return {
        "wuhan": system.officer("w", "city_officer", WUHAN_CITY),
        "huangshi": system.officer("h", "city_officer", HUANGSHI_CITY),
        "mine": system.enterprise(MINE["uscc"]),
        "other": system.enterprise(OTHER["uscc"]),
        "stranger": system.enterprise(form(9)["uscc"]),
        **{role: system.officer(role, role) for role in ("province_officer", "reviewer", "auditor", "admin")},
    }


async def listed(system: System, view: str, token: str, params: Mapping[str, str]) -> Any:
    """What the JSON list says: its rows in its order, or the status and code of its refusal."""
    one = LISTS[view]
    left = {name: value for name, value in params.items() if f"{{{name}}}" not in one.path}
    answer = await system.request("intake", "GET", f"/v1/{one.path.format(**params)}", token, params=left)
    if answer.is_error:
        return answer.status_code, answer.json()["code"]
    page = answer.json()
    items = page["items"] if isinstance(page, dict) else page
    assert isinstance(page, list) or page["next_cursor"] is None
    return [[_text(item.get(member)) for member in one.members] for item in items]


async def exported(system: System, view: str, token: str, params: Mapping[str, str]) -> Any:
    """What the export says, in the same terms."""
    path = f"/v1/exports/{view}"
    answer = await system.request("intake", "GET", path, token, params={**params, "format": "csv"})
    if answer.is_error:
        return answer.status_code, answer.json()["code"]
    rows = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    return [[row[heading] for heading in LISTS[view].headings] for row in rows]


def _text(value: Any) -> str:
    kinds = {"application": "申报", "recommendation": "推荐", "pool_change": "培育库变动"}
    return "" if value is None else kinds.get(str(value), str(value))


async def everything(system: System, owner: asyncpg.Connection) -> dict[str, dict[str, str]]:
    """Something of every kind in two cities; what each view that shows a part of something is asked for."""
    who = people(system)
    await admit(system, MINE, OTHER)
    await open_period(system)
    for name, token in (("mine", who["mine"]), ("other", who["other"])):
        path = "/v1/reporting-periods/2026-H1/reports"
        begun = await system.ok("intake", "POST", path, token, json={"form": {"declarations": {"truthful": True}}})
        if name == "mine":
            path, headers = f"/v1/progress-reports/{begun['id']}:submit", {"If-Match": f'"{begun["version"]}"'}
            await system.ok("intake", "POST", path, token, headers=headers)
    await _conduct(system, who)
    for city in ("wuhan", "huangshi"):
        await system.ok("intake", "POST", "/v1/major-problems", who[city], json=PROBLEM | {"title": city})
    lines = [MINE, b"{", OTHER, form(3), form(4, HUANGSHI)]
    ours = await import_lines(system, ndjson(lines), who["wuhan"])
    await import_lines(system, ndjson(lines), who["huangshi"])
    await system.drain()
    run_id = uuid.uuid4()
    await owner.execute(
        "INSERT INTO national_reconciliation (id, requested_by, status, counts) VALUES ($1, 'x', 'done', '{}')", run_id
    )
    await owner.execute(
        "INSERT INTO national_difference (reconciliation_id, position, difference, kind, key, theirs)"
        """ SELECT $1, n, 'missing_here', 'application', 'GJ-' || n, '{"status": "submitted", "version": 1}'"""
        " FROM generate_series(0, 4) n",
        run_id,
    )
    part = {"import_id": ours["id"]}
    return {
        "import-rows": part,
        "rejected-rows": part,
        "national-differences": {"reconciliation_id": str(run_id)},
    }


async def _conduct(system: System, who: Mapping[str, str]) -> None:
    """Of each enterprise an incident that is confirmed, one that is merely alleged, and a notice."""
    for one, city in ((MINE, "wuhan"), (OTHER, "huangshi")):
        for kind in ("tax_evasion", "data_falsification"):
            body = STEP | {"uscc": one["uscc"], "kind": kind, "occurred_on": "2024-07-20"}
            filed = await system.ok("intake", "POST", "/v1/incidents", who[city], json=body)
            if kind == "tax_evasion":
                path = f"/v1/incidents/{filed['id']}:confirm"
                await system.ok("intake", "POST", path, who["province_officer"], json=STEP)
        body = {"uscc": one["uscc"], "kind": "abnormal_operations", "listed_on": "2024-03-01", "source": DOCUMENT}
        await system.ok("intake", "POST", "/v1/business-notices", who[city], json=body)


async def test_nobody_gets_another_row_than_the_list_gives(system: System, owner: asyncpg.Connection) -> None:
    parts = await everything(system, owner)
    assert {view.name for view in VIEWS} == set(LISTS)
    seen: dict[tuple[str, str], Any] = {}
    for view in LISTS:
        for name, token in people(system).items():
            params = parts.get(view, {})
            expected = await listed(system, view, token, params)
            assert (await exported(system, view, token, params)) == expected, (view, name)
            seen[view, name] = expected
        assert seen[view, "auditor"], view
    for view in ("applications", "enterprises", "incidents", "business-notices", "imports", "major-problems"):
        wuhan, huangshi, province = (seen[view, name] for name in ("wuhan", "huangshi", "province_officer"))
        assert wuhan, view
        assert huangshi, view
        assert sorted(wuhan + huangshi) == sorted(province), view
    assert [row[1] for row in seen["progress-reports", "other"]] == [OTHER["uscc"]]
    assert seen["progress-reports", "huangshi"] == []
    assert [row[1] for row in seen["incidents", "mine"]] == ["偷漏税"]
    assert seen["import-rows", "huangshi"] == (404, "not_found")
    assert seen["national-differences", "wuhan"] == (403, "forbidden")
    assert seen["major-problems", "mine"] == []
    await _filtered_alike(system, people(system)["province_officer"], parts)
    unknown = {"reconciliation_id": str(uuid.uuid4())}
    assert await exported(system, "national-differences", people(system)["auditor"], unknown) == (404, "not_found")


async def _filtered_alike(system: System, token: str, parts: Mapping[str, Mapping[str, str]]) -> None:
    """The list's own filters narrow the export as they narrow the list; each of these leaves something out."""
    for view, filters in (
        ("applications", {"city": WUHAN_CITY}),
        ("applications", {"correction_overdue": "true"}),
        ("applications", {"uscc": OTHER["uscc"], "status": "passed_on"}),
        ("enterprises", {"city": HUANGSHI_CITY}),
        ("enterprises", {"uscc": MINE["uscc"]}),
        ("enterprises", {"name": "没有这家"}),
        ("incidents", {"status": "alleged", "uscc": OTHER["uscc"]}),
        ("incidents", {"kind": "tax_evasion"}),
        ("business-notices", {"uscc": MINE["uscc"]}),
        ("imports", {"cycle": "2030-1"}),
        ("import-rows", {"outcome": "accepted"}),
        ("progress-reports", {"status": "accepted"}),
        ("progress-reports", {"period": "2030-H1"}),
        ("major-problems", {"severity": "critical"}),
        ("major-problems", {"status": "settled"}),
        ("national-deliveries", {"status": "dead"}),
    ):
        params = {**parts.get(view, {}), **filters}
        expected = await listed(system, view, token, params)
        assert (await exported(system, view, token, params)) == expected, (view, filters)
        assert len(expected) < len(await listed(system, view, token, parts.get(view, {}))), (view, filters)


def test_every_status_has_a_chinese_word() -> None:
    for labels, codes in (
        (APPLICATION_STATUS, get_args(Status)),
        (IMPORT_STATUS, imports.IMPORT_STATUSES),
        (IMPORT_MODE, imports.IMPORT_MODES),
        (IMPORT_FORMAT, imports.IMPORT_FORMATS),
        (ROW_OUTCOME, imports.ROW_OUTCOMES),
        (INCIDENT_STATUS, incidents.INCIDENT_STATUSES),
        (REPORT_STATUS, reports.REPORT_STATUSES),
        (MAJOR_PROBLEM_STATUS, reports.MAJOR_PROBLEM_STATUSES),
        (SEVERITY, reports.SEVERITIES),
        (DELIVERY_STATUS, national.DELIVERY_STATUSES),
        (DIFFERENCE, get_args(DifferenceKind)),
    ):
        assert set(labels) == set(codes)
