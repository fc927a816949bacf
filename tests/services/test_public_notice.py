"""Public notice: between approval and commit, for working days, of names and cities and nothing else."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import json
import re

import asyncpg
import pytest
from support.forms import HUANGSHI, form
from support.notices import Clock, Notices, uscc_of
from support.rounds import PLANS, pool_members
from support.system import System

PUBLIC = "/public/notices"


async def test_a_plan_is_committed_after_its_days_in_china_and_not_a_minute_earlier(
    strict: Notices, clock: Clock, owner: asyncpg.Connection
) -> None:
    await strict.judged(form(1), form(2))
    clock.put("2025-09-26 09:00")
    system, plan = strict.system, await strict.approved_plan()
    path = f"{PLANS}/{plan}"
    await system.refused("evaluation", "POST", f"{path}:commit", strict.planner, "notice_required", 409)
    notice = await system.ok("evaluation", "POST", f"{path}:publish", strict.planner)
    # 28 September is a Sunday that is worked; 1 to 8 October are off.
    assert (notice["number"], notice["starts_on"], notice["ends_on"]) == ("2025-001", "2025-09-26", "2025-10-10")
    assert (notice["working_days"], notice["working_days_left"], notice["is_open"]) == (5, 5, True)
    assert (await system.ok("evaluation", "GET", path, strict.planner))["status"] == "under_notice"
    again = await system.ok("evaluation", "POST", f"{path}:publish", strict.planner)
    assert again == notice

    early = "notice_has_a_length"
    await system.refused("evaluation", "POST", "/v1/notices/2025-001:end", strict.planner, early, 409)
    for moment in ("2025-09-26 09:01", "2025-10-10 23:59:59"):
        clock.put(moment)
        await system.refused("evaluation", "POST", f"{path}:commit", strict.planner, "notice_running", 409)
    # The last day is included.
    await strict.object("2025-001", uscc_of(1))
    clock.put("2025-10-11 00:00")
    body = strict.body(uscc_of(2))
    closed, objecting = "objection_window_closed", "/v1/notices/2025-001/objections"
    await system.refused("evaluation", "POST", objecting, strict.recorder, closed, 409, json=body)
    with pytest.raises(asyncpg.CheckViolationError, match="ck_objection_within_window"):
        await owner.execute(
            "INSERT INTO objection (id, notice_id, assessment_id, grounds, document, evidence, status, recorded_by, "
            "recorded_at) SELECT gen_random_uuid(), notice_id, assessment_id, grounds, document, evidence, status, "
            "recorded_by, '2025-10-11 00:00+08' FROM objection"
        )
    assert await owner.fetchval("SELECT count(*) FROM membership") == 0
    assert (await strict.commit(plan))["status"] == "committed"
    assert [one["uscc"] for one in await pool_members(system)] == [uscc_of(2)]
    refused = await owner.fetch(
        "SELECT action, detail->>'code' FROM audit_entry WHERE action LIKE '%.refused' ORDER BY id"
    )
    assert {tuple(row) for row in refused} == {
        ("plan.commit.refused", "notice_required"),
        ("plan.commit.refused", "notice_running"),
        ("notice.end.refused", early),
        ("objection.record.refused", closed),
    }


async def test_the_database_commits_no_plan_under_notice(
    strict: Notices, clock: Clock, owner: asyncpg.Connection
) -> None:
    await strict.judged(form(1))
    clock.put("2026-11-23 09:00")
    plan, _ = await strict.published()
    commit = "UPDATE selection_plan SET status = 'committed', committed_at = $1 WHERE id = $2"
    clock.put("2026-11-30 23:59")
    with pytest.raises(asyncpg.CheckViolationError, match="ck_selection_plan_notice_over"):
        await owner.execute(commit, clock(), plan)
    clock.put("2026-12-01 00:00")
    await owner.execute(commit, clock(), plan)


async def test_a_notice_into_a_year_without_a_calendar_is_refused(
    strict: Notices, clock: Clock, owner: asyncpg.Connection
) -> None:
    await strict.judged(form(1))
    clock.put("2026-12-28 09:00")
    plan = await strict.approved_plan()
    path = f"{PLANS}/{plan}:publish"
    code = "calendar_year_not_covered"
    problem = await strict.system.refused("evaluation", "POST", path, strict.planner, code, 409)
    assert problem["detail_zh"] == "2027"
    assert await owner.fetchval("SELECT count(*) FROM public_notice") == 0
    assert await owner.fetchval("SELECT status FROM selection_plan") == "approved"


async def test_a_plan_that_would_not_outlive_its_notice_is_not_published(
    strict: Notices, clock: Clock, owner: asyncpg.Connection
) -> None:
    await strict.judged(form(1))
    clock.put("2026-09-21 09:00")
    plan = await strict.approved_plan()
    clock.put("2026-11-16 09:00")
    path = f"{PLANS}/{plan}:publish"
    await strict.system.refused("evaluation", "POST", path, strict.planner, "plan_expired", 409)
    assert await owner.fetchval("SELECT count(*) FROM public_notice") == 0


async def test_the_page_tells_names_and_cities_only(system: System, clock: Clock) -> None:
    notices = Notices(system)
    ranked_first = form(3, HUANGSHI, name="【虚构】黄石精工有限公司")
    odd = form(2, name="【虚构】<b>乙</b> & 公司")
    await notices.judged(form(1, name="【虚构】甲光电有限公司"), odd, ranked_first)
    clock.put("2026-11-23 09:00")
    _, notice = await notices.published()
    client, path = system.clients["evaluation"], f"{PUBLIC}/{notice['number']}"

    page = await client.get(path, headers={"Accept": "text/html"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["vary"] == "Accept"
    assert "max-age" in page.headers["cache-control"]
    told = (await client.get(path, headers={"Accept": "application/json"})).json()
    assert told["entries"] == [
        {"name": odd["name"], "city": "武汉市"},
        {"name": "【虚构】甲光电有限公司", "city": "武汉市"},
        {"name": ranked_first["name"], "city": "黄石市"},
    ]
    assert re.findall(r"<li>(.*?)</li>", page.text) == [html.escape(one["name"]) for one in told["entries"]]
    assert "<b>" not in page.text

    everything = page.text + json.dumps(told) + str(page.headers)
    for one in (form(1), odd, ranked_first):
        assert one["uscc"] not in everything
    for secret in (notice["plan_id"], notice["digest"], "planner", "rank", "score", "uuid"):
        assert secret not in everything
    # Nothing is loaded and nothing runs; the one style is the one that the policy names.
    (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = page.headers["content-security-policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not re.search(r"<script|<img|<link|src=|https?:|url\(|@import|\son\w+=", page.text)

    for headers in ({"Accept": "text/html"}, {"Accept": "application/json"}):
        first = await client.get(path, headers=headers)
        unchanged = await client.get(path, headers=headers | {"If-None-Match": first.headers["etag"]})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
    clock.put("2026-11-24 00:00")
    over = await client.get(path, headers={"Accept": "text/html", "If-None-Match": page.headers["etag"]})
    assert over.status_code == 200
    assert "公示期已结束" in over.text


async def test_the_list_and_the_errors_are_open_too_and_nothing_more(system: System, clock: Clock) -> None:
    notices, client = Notices(system), system.clients["evaluation"]
    assert "目前没有公示" in (await client.get(PUBLIC, headers={"Accept": "text/html"})).text
    await notices.judged(form(1))
    clock.put("2026-11-23 09:00")
    _, notice = await notices.published()
    listed = (await client.get(PUBLIC, headers={"Accept": "application/json"})).json()
    assert set(listed["items"][0]) == {"number", "title", "starts_on", "ends_on", "is_open"}
    assert notice["title"] in (await client.get(PUBLIC)).text
    assert (await client.get(PUBLIC, params={"cursor": notice["number"]})).text.count("<li>") == 0
    for path, code, status in ((f"{PUBLIC}/2026-999", "not_found", 404), (f"{PUBLIC}/x", "validation_failed", 422)):
        await system.refused("evaluation", "GET", path, None, code, status)
    browsed = await client.get(f"{PUBLIC}/2026-999", headers={"Accept": "text/html,application/xhtml+xml;q=0.9"})
    assert (browsed.status_code, "没有编号为 2026-999 的公示" in browsed.text) == (404, True)
    for path in ("entries", "objections"):
        await system.refused("evaluation", "GET", f"/v1/notices/2026-001/{path}", None, "unauthenticated", 401)


async def test_names_stay_as_they_were_published(system: System) -> None:
    notices = Notices(system)
    await notices.judged(form(1))
    _, notice = await notices.published()
    change = {
        "name": "【虚构】改名有限公司",
        "reason": "变更登记",
        "effective_on": "2024-06-30",
        "document": "（虚构）1号",
    }
    keeper = system.officer("registrar", "province_officer")
    await system.ok("intake", "POST", f"/v1/enterprises/{uscc_of(1)}:rename", keeper, json=change)
    page = await system.clients["evaluation"].get(f"{PUBLIC}/{notice['number']}")
    assert form(1)["name"] in page.text
    assert change["name"] not in page.text


async def test_only_what_is_approved_is_published_and_a_later_notice_replaces_an_earlier(system: System) -> None:
    notices = Notices(system)
    await notices.judged(form(1))
    frozen = await system.ok(
        "evaluation", "POST", PLANS, notices.planner, json={"cycle": "2024-1", "pool": "cultivation"}
    )
    path = f"{PLANS}/{frozen['id']}:publish"
    await system.refused("evaluation", "POST", path, notices.planner, "plan_status", 409)
    await system.refused("evaluation", "POST", path, notices.judge, "forbidden", 403)
    first, notice = await notices.published()
    second = await notices.approved_plan()
    later = await system.ok("evaluation", "POST", f"{PLANS}/{second}:publish", notices.planner)
    assert later["number"] == notice["number"][:-1] + "2"
    await system.refused("evaluation", "POST", f"{PLANS}/{first}:commit", notices.planner, "notice_replaced", 409)
    closed = {"json": notices.body(uscc_of(1))}
    objecting = f"/v1/notices/{notice['number']}/objections"
    await system.refused("evaluation", "POST", objecting, notices.recorder, "objection_window_closed", 409, **closed)
    assert "不再有效" in (await system.clients["evaluation"].get(f"{PUBLIC}/{notice['number']}")).text
    await notices.end(later["number"])
    assert (await notices.commit(second))["status"] == "committed"


async def test_concurrent_publications_open_one_notice(system: System, owner: asyncpg.Connection) -> None:
    notices = Notices(system)
    await notices.judged(form(1))
    plan = await notices.approved_plan()
    answers = await asyncio.gather(
        *(system.request("evaluation", "POST", f"{PLANS}/{plan}:publish", notices.planner) for _ in range(5))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["number"] for answer in answers}) == 1
    assert await owner.fetchval("SELECT count(*) FROM public_notice") == 1
