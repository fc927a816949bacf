"""Progress reports: members only, drafts forgiving, submission strict, snapshots for ever, one per period."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from support.enterprises import Registry
from support.forms import HUANGSHI, form, patent_no
from support.members import HUANGSHI_CITY, WUHAN_CITY, admit, end_memberships, open_period
from support.system import System

MEMBER, OTHER = form(1), form(2, HUANGSHI)
PERIOD = "/v1/reporting-periods/2026-H1"
REPORTS = "/v1/progress-reports"
YEAR = datetime.now(UTC).year
LAST_MONTH = (datetime.now(UTC) - timedelta(days=30)).date().isoformat()
COMPLETE: dict[str, Any] = {
    "patents": {
        "valid_count": 2,
        "industrialised_count": 1,
        "valid_application_nos": [patent_no(10), patent_no(11)],
        "industrialised_application_nos": [patent_no(10)],
    },
    "finance": {"revenue_cny": "130000000.00", "rd_expense_cny": "14000000.00"},
    "filed_products": [{"name": "示范产品", "filing_no": "BA0002", "filed_on": LAST_MONTH}],
    "recognised_products": [
        {
            "name": "示范产品",
            "recognised_year": YEAR - 1,
            "document_no": "（虚构）1号",
            "recognised_on": f"{YEAR - 1}-12-20",
            "years": [{"year": YEAR - 1, "sales_cny": "52000000.00", "profit_cny": "-100.00"}],
        }
    ],
    "loans": [{"bank": "【虚构】示范银行", "amount_cny": "5000000.00", "ip_pledged": True, "granted_on": LAST_MONTH}],
    "market_steps": [{"stage": "regional_market", "reached_on": LAST_MONTH}],
    "equity_financings": [{"stage": "series_a", "amount_cny": "10000000.00", "closed_on": LAST_MONTH}],
    "standards": [],
    "declarations": {"truthful": True},
}


def _wuhan(system: System) -> str:
    return system.officer("o", "city_officer", WUHAN_CITY)


async def _begin(system: System, draft: dict[str, Any] = COMPLETE, member: dict[str, Any] = MEMBER) -> dict[str, Any]:
    token = system.enterprise(member["uscc"])
    return await system.ok("intake", "POST", f"{PERIOD}/reports", token, json={"form": draft})


async def _submit(system: System, report: dict[str, Any], member: dict[str, Any] = MEMBER) -> dict[str, Any]:
    headers = {"If-Match": f'"{report["version"]}"'}
    token = system.enterprise(member["uscc"])
    return await system.ok("intake", "POST", f"{REPORTS}/{report['id']}:submit", token, headers=headers)


async def _save(system: System, report: dict[str, Any], draft: dict[str, Any]) -> dict[str, Any]:
    headers = {"If-Match": f'"{report["version"]}"'}
    token = system.enterprise(MEMBER["uscc"])
    return await system.ok(
        "intake", "PUT", f"{REPORTS}/{report['id']}/draft", token, json={"form": draft}, headers=headers
    )


async def test_a_report_is_returned_corrected_and_accepted(system: System, owner: asyncpg.Connection) -> None:
    await admit(system, MEMBER)
    await open_period(system)
    city, member = _wuhan(system), system.enterprise(MEMBER["uscc"])
    begun = await _begin(system)
    assert (begun["status"], begun["violations"], begun["form"]) == ("draft", [], None)
    path = f"{REPORTS}/{begun['id']}"
    submitted = await _submit(system, begun)
    assert (submitted["status"], submitted["revision"]) == ("submitted", 1)

    for field in ("/colour", "/people/rd_staff"):
        unknown = {"reasons": [{"field": field, "reason": "请核对"}]}
        problem = await system.refused("intake", "POST", f"{path}:return", city, "validation_failed", 422, json=unknown)
        assert problem["violations"][0]["code"] == "field_unknown"
    reasons = [{"field": "/patents/industrialised_count", "reason": "请附产业化佐证"}]
    await system.ok("intake", "POST", f"{path}:return", city, json={"reasons": reasons})
    returned = await system.ok("intake", "GET", path, member)
    assert (returned["status"], returned["return_reasons"]) == ("returned", reasons)
    assert returned["draft"] == returned["form"]
    corrected = returned["draft"] | {"patents": {"valid_count": 2, "industrialised_count": 2}}
    again = await _submit(system, await _save(system, returned, corrected))
    assert (again["revision"], again["digest"] == submitted["digest"]) == (2, False)

    shown = await system.ok("intake", "POST", f"{path}:accept", city)
    assert (shown["status"], shown["form"]["patents"]["industrialised_count"]) == ("accepted", 2)
    first = await system.ok("intake", "GET", f"{path}/revisions/1", city)
    assert (first["digest"], first["form"]["patents"]["industrialised_count"]) == (submitted["digest"], 1)
    assert first["form"]["recognised_products"][0]["years"][0]["profit_cny"] == "-100.00"
    assert first["form"]["awards"] is None
    assert first["form"]["standards"] == []
    for act in ("accept", "return"):
        body = {"reasons": reasons}
        await system.refused("intake", "POST", f"{path}:{act}", city, "report_status", 409, json=body)
    # What a spot check (核查抽查) finds wrong, the province alone sends back.
    await system.refused("intake", "POST", f"{path}:reopen", city, "forbidden", 403, json=body)
    province = system.officer("p", "province_officer")
    reopened = await system.ok("intake", "POST", f"{path}:reopen", province, json=body)
    assert (reopened["status"], (await _submit(system, reopened))["revision"]) == ("returned", 3)
    actions = await owner.fetch("SELECT action FROM audit_entry WHERE subject_type = 'progress_report' ORDER BY id")
    assert [row["action"].removeprefix("progress_report.") for row in actions] == [
        "begin",
        "submit",
        "return",
        "save",
        "submit",
        "accept",
        "reopen",
        "submit",
    ]


async def test_only_members_of_the_period_report(system: System, owner: asyncpg.Connection) -> None:
    await admit(system, MEMBER)
    await system.open_cycle("2024-2")
    stranger = form(3)
    await system.submit(stranger, "2024-2")
    await open_period(system)
    await open_period(system, "before", covers_from="2020-01-01", covers_to="2020-12-31")
    for path, who in ((f"{PERIOD}/reports", stranger), ("/v1/reporting-periods/before/reports", MEMBER)):
        token = system.enterprise(who["uscc"])
        await system.refused("intake", "POST", path, token, "not_a_member", 403, json={"form": {}})
    owed = await system.ok("intake", "GET", f"{PERIOD}/outstanding", system.officer("p", "province_officer"))
    assert [one["uscc"] for one in owed["items"]] == [MEMBER["uscc"]]
    # Who left during the period was a member of it, and still reports.
    await end_memberships(owner)
    await _begin(system)
    missing = "/v1/reporting-periods/none/reports"
    token = system.enterprise(MEMBER["uscc"])
    await system.refused("intake", "POST", missing, token, "period_not_found", 404, json={"form": {}})


async def test_a_member_whose_code_changed_reports_under_the_new_one(system: System) -> None:
    await admit(system, MEMBER)
    await open_period(system)
    new = form(9)["uscc"]
    await Registry(system).made(MEMBER["uscc"], "changeCode", new_code=new, mismatch_confirmed=True)
    owed = await system.ok("intake", "GET", f"{PERIOD}/outstanding", _wuhan(system))
    assert [one["uscc"] for one in owed["items"]] == [new]
    begun = await _begin(system, member={"uscc": new})
    await _submit(system, begun, {"uscc": new})
    assert (await system.ok("intake", "GET", f"{PERIOD}/outstanding", _wuhan(system)))["total"] == 0


async def test_racing_beginnings_make_one_report(system: System, owner: asyncpg.Connection) -> None:
    await admit(system, MEMBER)
    await open_period(system)
    token = system.enterprise(MEMBER["uscc"])
    race = [system.request("intake", "POST", f"{PERIOD}/reports", token, json={"form": {}}) for _ in range(8)]
    answers = await asyncio.gather(*race)
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"report_exists"}
    twins = [
        system.request("intake", "POST", f"{PERIOD}/reports", token, json={"form": {}}, headers=answer_key)
        for answer_key in [{"Idempotency-Key": "twin"}] * 4
    ]
    assert {answer.status_code for answer in await asyncio.gather(*twins)} == {409}
    assert await owner.fetchval("SELECT count(*) FROM progress_report") == 1


async def test_racing_submissions_make_one_revision_that_even_the_owner_never_changes(
    system: System, owner: asyncpg.Connection
) -> None:
    await admit(system, MEMBER)
    await open_period(system)
    begun = await _begin(system)
    token, path = system.enterprise(MEMBER["uscc"]), f"{REPORTS}/{begun['id']}:submit"
    headers = {"If-Match": f'"{begun["version"]}"'}
    keys = ["twin"] * 3 + ["other"] * 3
    race = [system.request("intake", "POST", path, token, headers=headers | {"Idempotency-Key": key}) for key in keys]
    answers = await asyncio.gather(*race)
    # One key won, and all of its retries got the one answer.
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [412] * 3
    assert len({answer.text for answer in answers if answer.status_code == 200}) == 1
    assert await owner.fetchval("SELECT count(*) FROM progress_report_snapshot") == 1
    for statement in ("UPDATE {} SET digest = 'x'", "DELETE FROM {}", "TRUNCATE {}"):
        with pytest.raises(asyncpg.RestrictViolationError, match="never changed"):
            await owner.execute(statement.format("progress_report_snapshot"))


async def test_a_draft_may_be_anything_and_says_what_is_wrong(system: System) -> None:
    await admit(system, MEMBER)
    await open_period(system)
    begun = await _begin(system, {"patents": {"valid_count": "many"}, "colour": 1.5})
    wrong = {(one["pointer"], one["code"]) for one in begun["violations"]}
    assert wrong == {
        ("/patents/valid_count", "not_an_integer"),
        ("/colour", "unknown_field"),
        ("/declarations", "required"),
    }
    token, headers = system.enterprise(MEMBER["uscc"]), {"If-Match": f'"{begun["version"]}"'}
    path = f"{REPORTS}/{begun['id']}"
    problem = await system.refused(
        "intake", "POST", f"{path}:submit", token, "validation_failed", 422, headers=dict(headers)
    )
    assert {(one["pointer"], one["code"]) for one in problem["violations"]} == wrong
    deep: dict[str, Any] = {}
    for _ in range(400):
        deep = {"a": deep}
    for bad in (deep, {"a": "\u0000"}, {"a": "\ud800"}, {"a": float("nan")}):
        body, kind = json.dumps({"form": bad}).encode(), {"Content-Type": "application/json"}
        answer = await system.request("intake", "PUT", f"{path}/draft", token, content=body, headers=headers | kind)
        assert answer.status_code == 422, answer.text


async def test_a_draft_is_saved_over_the_version_that_was_read(system: System) -> None:
    await admit(system, MEMBER)
    await open_period(system)
    begun = await _begin(system, {})
    token, path = system.enterprise(MEMBER["uscc"]), f"{REPORTS}/{begun['id']}"
    read = await system.request("intake", "GET", path, token)
    assert read.headers["ETag"] == '"1"'
    body = {"form": {"narrative": "甲"}}
    await system.refused("intake", "PUT", f"{path}/draft", token, "if_match_missing", 428, json=body)
    await system.refused("intake", "POST", f"{path}:submit", token, "if_match_missing", 428)
    race = [
        system.request("intake", "PUT", f"{path}/draft", token, json=body, headers={"If-Match": '"1"'})
        for _ in range(5)
    ]
    assert sorted(answer.status_code for answer in await asyncio.gather(*race)) == [200] + [412] * 4
    stored = await system.request("intake", "GET", path, token)
    assert (stored.headers["ETag"], stored.json()["draft"]) == ('"2"', {"narrative": "甲"})


BAD = {
    "more industrialised than valid": (
        {"patents": {"valid_count": 1, "industrialised_count": 2}},
        "/patents/industrialised_count",
        "industrialised_exceeds_valid",
    ),
    "count against list": (
        {"patents": {"valid_count": 3, "valid_application_nos": [patent_no(1)]}},
        "/patents/valid_application_nos",
        "count_differs_from_list",
    ),
    "industrialised but not valid": (
        {
            "patents": {
                "valid_application_nos": [patent_no(1)],
                "industrialised_application_nos": [patent_no(2)],
            }
        },
        "/patents/industrialised_application_nos",
        "industrialised_not_valid",
    ),
    "recognised without a year": (
        {"recognised_products": [{"name": "甲", "document_no": "1"}]},
        "/recognised_products/0/recognised_year",
        "required",
    ),
    "recognised too early": (
        {"recognised_products": [{"name": "甲", "recognised_year": 2024, "recognised_on": "2023-01-01"}]},
        "/recognised_products/0",
        "recognised_before_its_year",
    ),
    "a year twice": (
        {"recognised_products": [{"name": "甲", "recognised_year": 2024, "years": [{"year": 2024}, {"year": 2024}]}]},
        "/recognised_products/0",
        "duplicate_year",
    ),
    "a product twice": (
        {"recognised_products": [{"name": name, "recognised_year": 2024} for name in ("示范产品A", "示范 产品ａ")]},
        "/recognised_products",
        "duplicate_product",
    ),
    "a filing number as recognition": (
        {"recognised_products": [{"name": "甲", "recognised_year": 2024, "filing_no": "BA1"}]},
        "/recognised_products/0/filing_no",
        "unknown_field",
    ),
    "a loan of another period": (
        {"loans": [{"bank": "甲", "granted_on": "2019-01-01"}]},
        "/loans/0/granted_on",
        "outside_period",
    ),
    "money as a number": ({"finance": {"revenue_cny": 1.5}}, "/finance/revenue_cny", "money_as_string"),
    "no truthfulness": ({"declarations": {"truthful": False}}, "/declarations/truthful", "truth_commitment_missing"),
}


async def test_submission_is_strict_at_each_place(system: System) -> None:
    await admit(system, MEMBER)
    await open_period(system)
    report = await _begin(system)
    for name, (part, pointer, code) in BAD.items():
        report = await _save(system, report, {"declarations": {"truthful": True}} | part)
        assert [(one["pointer"], one["code"]) for one in report["violations"]] == [(pointer, code)], name
    token, headers = system.enterprise(MEMBER["uscc"]), {"If-Match": f'"{report["version"]}"'}
    path = f"{REPORTS}/{report['id']}:submit"
    await system.refused("intake", "POST", path, token, "validation_failed", 422, headers=headers)
    # Nothing but the declaration: all unknown, and unknown it stays.
    submitted = await _submit(system, await _save(system, report, {"declarations": {"truthful": True}}))
    shown = await system.ok("intake", "GET", f"{REPORTS}/{submitted['id']}", _wuhan(system))
    assert shown["form"]["patents"]["valid_count"] is None
    assert shown["form"]["loans"] is None


async def test_a_window_binds_the_first_submission_only(system: System, owner: asyncpg.Connection) -> None:
    await admit(system, MEMBER, OTHER)
    await open_period(system)
    mine, theirs = await _begin(system), await _begin(system, COMPLETE, OTHER)
    await _submit(system, mine)
    await owner.execute("UPDATE reporting_period SET closes_at = now() - interval '1 minute'")
    token, headers = system.enterprise(OTHER["uscc"]), {"If-Match": '"1"'}
    path = f"{REPORTS}/{theirs['id']}:submit"
    await system.refused("intake", "POST", path, token, "outside_reporting_window", 409, headers=headers)
    reasons = {"reasons": [{"field": "", "reason": "请补充"}]}
    returned = await system.ok("intake", "POST", f"{REPORTS}/{mine['id']}:return", _wuhan(system), json=reasons)
    assert (await _submit(system, returned))["revision"] == 2


async def test_reports_stay_within_reach(system: System) -> None:
    await admit(system, MEMBER, OTHER)
    await open_period(system)
    mine, theirs = await _begin(system), await _begin(system, COMPLETE, OTHER)
    path = f"{REPORTS}/{theirs['id']}"
    await _submit(system, mine)
    auditor, province = system.officer("a", "auditor"), system.officer("p", "province_officer")
    for officer in (auditor, province):
        # A draft is its enterprise's own.
        page = await system.ok("intake", "GET", REPORTS, officer)
        assert [one["id"] for one in page["items"]] == [mine["id"]]
        await system.refused("intake", "GET", path, officer, "not_found", 404)
    await _submit(system, theirs, OTHER)
    for token in (_wuhan(system), system.enterprise(MEMBER["uscc"])):
        page = await system.ok("intake", "GET", REPORTS, token)
        assert [one["id"] for one in page["items"]] == [mine["id"]]
        await system.refused("intake", "GET", path, token, "not_found", 404)
        await system.refused("intake", "GET", f"{path}/revisions/1", token, "not_found", 404)
    await system.refused("intake", "POST", f"{path}:accept", _wuhan(system), "not_found", 404)
    await system.refused("intake", "POST", f"{path}:accept", province, "forbidden", 403)
    await system.refused(
        "intake",
        "PUT",
        f"{path}/draft",
        system.enterprise(MEMBER["uscc"]),
        "not_found",
        404,
        json={"form": {}},
        headers={"If-Match": '"1"'},
    )
    assert "draft" not in {name for name, value in (await system.ok("intake", "GET", path, auditor)).items() if value}
    first = await system.ok("intake", "GET", REPORTS, province, params={"limit": 1})
    rest = await system.ok("intake", "GET", REPORTS, province, params={"limit": 1, "cursor": first["next_cursor"]})
    assert [first["items"][0]["id"], rest["items"][0]["id"], rest["next_cursor"]] == [mine["id"], theirs["id"], None]
    for params, count in (({"period": "none"}, 0), ({"period": "2026-H1", "status": "submitted"}, 2)):
        assert len((await system.ok("intake", "GET", REPORTS, province, params=params))["items"]) == count


async def test_who_has_not_reported(system: System) -> None:
    await admit(system, MEMBER, form(4), OTHER)
    await open_period(system)
    path, province = f"{PERIOD}/outstanding", system.officer("p", "province_officer")
    everyone = sorted([MEMBER["uscc"], form(4)["uscc"], OTHER["uscc"]])
    begun = await _begin(system)
    page = await system.ok("intake", "GET", path, province, params={"limit": 2})
    rest = await system.ok("intake", "GET", path, province, params={"limit": 2, "cursor": page["next_cursor"]})
    assert [one["uscc"] for one in page["items"] + rest["items"]] == everyone
    assert (page["total"], rest["next_cursor"]) == (3, None)
    await _submit(system, begun)
    for city, owing in ((WUHAN_CITY, [form(4)["uscc"]]), (HUANGSHI_CITY, [OTHER["uscc"]])):
        token = system.officer("o", "city_officer", city)
        page = await system.ok("intake", "GET", path, token)
        assert ([one["uscc"] for one in page["items"]], page["total"]) == (owing, 1)
    reasons = {"reasons": [{"field": "", "reason": "请补充"}]}
    await system.ok("intake", "POST", f"{REPORTS}/{begun['id']}:return", _wuhan(system), json=reasons)
    page = await system.ok("intake", "GET", path, _wuhan(system))
    owed = {one["uscc"]: one["returned"] for one in page["items"]}
    assert owed == {MEMBER["uscc"]: True, form(4)["uscc"]: False}
    await system.refused("intake", "GET", "/v1/reporting-periods/x/outstanding", province, "period_not_found", 404)


async def test_a_period_is_opened_once_and_in_order(system: System) -> None:
    period = await open_period(system)
    await open_period(system, "second")
    planner = system.officer("planner", "province_officer")
    body = {name: value for name, value in period.items() if name not in {"id", "pool"}}
    path = "/v1/reporting-periods"
    await system.refused("intake", "POST", path, planner, "period_exists", 409, json=body)
    for change in ({"covers_to": "2000-01-01"}, {"closes_at": body["opens_at"]}):
        await system.refused(
            "intake", "POST", path, planner, "validation_failed", 422, json=body | {"code": "x"} | change
        )
    await system.refused("intake", "POST", path, _wuhan(system), "forbidden", 403, json=body)
    page = await system.ok("intake", "GET", path, _wuhan(system), params={"limit": 1})
    rest = await system.ok("intake", "GET", path, planner, params={"limit": 1, "cursor": page["next_cursor"]})
    assert [page["items"][0]["code"], rest["items"][0]["code"]] == ["second", "2026-H1"]
    assert await system.ok("intake", "GET", PERIOD, planner) == period
    schema = await system.ok("intake", "GET", "/v1/progress-report-form", planner)
    assert {"patents", "filed_products", "recognised_products", "loans"} <= schema["properties"].keys()
