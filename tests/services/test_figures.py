"""Figures over HTTP: what they count, that their rows are as many, and who sees which."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from support.figures import (
    CITIES,
    ENDED,
    FIGURES,
    SILENT,
    STANDING,
    a_year,
    by_city,
    by_group,
    check,
    city,
    figure,
    province,
    rows,
)
from support.forms import HUANGSHI, form
from support.members import HUANGSHI_CITY, WUHAN_CITY
from support.notices import Clock
from support.pool_history import History
from support.system import System

SERIES = "/pool/series?from=2024-06-01&to=2025-12-01&step=quarter"
ALL = (*STANDING, "/funnel?cycle=2024-1")


async def test_figures_are_as_many_as_their_rows_and_cities_make_the_province(system: System, clock: Clock) -> None:
    """After a year with a graduation, an exit, loans told and untold, and reports that never came."""
    history = await a_year(system, clock)
    everything: dict[str, dict[str, Any]] = {}
    for asked in ALL:
        # What members are is counted another way in a test of its own.
        thorough = "?by=" not in asked or asked.endswith(("=city", "=year"))
        told = everything[asked] = await check(system, province(system), asked, thorough=thorough)
        cells: dict[tuple[str, str | None], int] = {}
        for code in CITIES:
            own = await check(system, city(system, code), asked, limit=2, thorough=False)
            assert {place for _, place in by_city(own)} <= {code, None}
            cells |= by_city(own)
        assert cells == by_city(told), asked

    assert by_group(everything["/pool?by=city"]) == {WUHAN_CITY: 1, HUANGSHI_CITY: 1}
    # Certificates of all ran out in October 2025, which leaves each with a list of nothing.
    assert by_group(everything["/pool?by=qualification"]) == {"none": 2}
    assert by_group(everything["/pool?by=stay"]) == {"1-2": 2}
    assert by_group(everything["/funnel?cycle=2024-1"]) == {"recommended": 4, "judged": 4, "admitted": 4}
    overdue = await rows(system, province(system), everything["/reports-overdue"]["rows"])
    assert {one["uscc"] for one in overdue} == {SILENT["uscc"], ENDED["uscc"]}
    financing = everything["/financing"]
    assert (financing["total"], financing["amount_cny"], financing["amounts_unknown"]) == (3, "5000002.00", 1)
    assert {(one["city_code"], one["amount_cny"]) for one in financing["cells"]} == {
        (WUHAN_CITY, "5000002.00"),
        (HUANGSHI_CITY, None),
    }
    assert by_group(everything["/financing?by=year"]) == {"2024": 2, "unknown": 1}
    for asked in ("/occupancy", "/financing"):
        assert await figure(system, province(system, "auditor"), asked) == everything[asked]
    await _series(system, everything["/pool?by=city"])
    await _occupancy(system, history, everything["/occupancy"])


async def _series(system: System, now: dict[str, Any]) -> None:
    told = await figure(system, province(system), SERIES)
    points = {one["on"]: one["count"] for one in told["points"]}
    assert points == {
        "2024-06-30": 0,
        "2024-09-30": 4,
        "2024-12-31": 4,
        "2025-03-31": 4,
        "2025-06-30": 2,
        "2025-09-30": 2,
        "2025-12-01": 2,
    }
    assert told["points"][-1]["count"] == now["total"]
    for point in told["points"]:
        assert sum(one["count"] for one in point["cells"]) == point["count"]
    for part in (told["points"][1], *told["points"][-1]["cells"]):
        assert len(await rows(system, province(system), part["rows"])) == part["count"]
    own = await figure(system, city(system, HUANGSHI_CITY), SERIES)
    assert [one["count"] for one in own["points"]] == [0, 2, 2, 2, 1, 1, 1]
    assert {cell["city_code"] for point in own["points"] for cell in point["cells"]} == {HUANGSHI_CITY}


async def _occupancy(system: System, history: History, told: dict[str, Any]) -> None:
    assert (told["total"], told["cap"], told["free"]) == (2, 500, 498)
    assert by_group(told) == {"live": 2}
    ledger = await system.ok("evaluation", "GET", told["credit_rows"]["href"], province(system))
    good = {one["city_code"]: one["credits"] for one in told["credits"]}
    assert good == {one["city_code"]: one["after"] for one in ledger["cities"]} == await history.credits()
    assert good == {WUHAN_CITY: 2}
    assert told["credits_total"] == sum(one["credits"] for one in ledger["entries"]) == 2
    for code in CITIES:
        own = await figure(system, city(system, code), "/occupancy")
        assert {one["city_code"]: one["credits"] for one in own["credits"]} == {
            one: count for one, count in good.items() if one == code
        }
        assert own["credits_total"] == good.get(code, 0)
        # What is left would say how many the others are.
        assert (own["free"], own["cap"]) == (None, 500)


async def test_deadlines_of_the_coming_days(system: System, clock: Clock) -> None:
    history, zone = History(system, clock), ZoneInfo("Asia/Shanghai")
    # Terms for corrections are the database's own, which has the real time.
    today = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    opens, closing, behind = (
        today + timedelta(**one) for one in ({"days": -2}, {"days": 18, "hours": 17}, {"days": 19})
    )
    history.put(today.date().isoformat(), "23:30")
    await system.open_cycle(opens_at=opens.isoformat(), closes_at=closing.isoformat())
    received = await system.submit(form(1))
    body = {"reasons": [{"field": "/people", "reason": "请核对"}]}
    await system.ok("intake", "POST", f"/v1/applications/{received['id']}:return", city(system), json=body)
    period = {"code": "2026-H1", "title": "测试", "covers_from": "2025-07-01", "covers_to": "2025-12-31"}
    period |= {"opens_at": opens.isoformat(), "closes_at": behind.isoformat()}
    await system.ok("intake", "POST", "/v1/reporting-periods", history.planner, json=period)

    told = await check(system, province(system), "/deadlines?days=30", limit=1)
    assert by_group(told) == {"cycle_closes": 1, "correction_due": 1, "reports_due": 1}
    days = {one["group"]: one["on"] for one in await rows(system, province(system), told["rows"])}
    assert (days["cycle_closes"], days["reports_due"]) == (
        closing.date().isoformat(),
        behind.date().isoformat(),
    )
    assert list(days.values()) == sorted(days.values())
    # Days count whole, in China: today is the first of nineteen, late in the evening too.
    assert by_group(await figure(system, province(system), "/deadlines?days=19"))["cycle_closes"] == 1
    assert "cycle_closes" not in by_group(await figure(system, province(system), "/deadlines?days=18"))
    assert "reports_due" not in by_group(await figure(system, province(system), "/deadlines?days=19"))
    assert "correction_due" in by_group(await check(system, city(system), "/deadlines?days=30"))
    others = await check(system, city(system, HUANGSHI_CITY), "/deadlines?days=30")
    assert by_group(others) == {"cycle_closes": 1, "reports_due": 1}
    assert "plan_expires" not in {one["group"] for one in others["groups"]}


async def test_a_city_finds_nothing_of_others_and_learns_nothing_by_asking(system: System) -> None:
    await system.open_cycle()
    await system.submit(form(3, HUANGSHI))
    for path in ("/funnel/rows?cycle=2024-1", "/pool/rows?by=city", "/occupancy/rows", "/deadlines/rows"):
        for more in (f"city={HUANGSHI_CITY}", f"group={HUANGSHI_CITY}", "group=submitted"):
            joined = path + ("&" if "?" in path else "?") + more
            assert await figure(system, city(system), joined) == {"items": [], "next_cursor": None}
    own, there = [
        await system.request("evaluation", "GET", FIGURES + "/funnel?cycle=2024-1", city(system, code))
        for code in (WUHAN_CITY, "420300")
    ]
    assert (own.json(), own.headers["etag"] != there.headers["etag"]) == (there.json(), True)
    for token in (system.officer("x", "reviewer"), system.enterprise(form(1)["uscc"])):
        for asked in ("", "/funnel?cycle=none", "/occupancy/rows"):
            answer = await system.request("evaluation", "GET", FIGURES + asked, token)
            assert answer.status_code == 403, asked


@pytest.mark.parametrize(
    ("asked", "code", "status"),
    [
        ("/funnel?cycle=none", "cycle_not_found", 404),
        ("/funnel/rows?cycle=none", "cycle_not_found", 404),
        ("/pool?on=2999-01-01", "figures_in_future", 422),
        ("/pool/rows?on=2999-01-01", "figures_in_future", 422),
        ("/pool/series?from=2024-06-30&to=2024-06-29", "figures_span_reversed", 422),
        ("/pool/series?from=0001-01-01&to=2024-06-29", "figures_span_too_long", 422),
        ("/pool/series?from=2024-06-30&to=2999-01-01", "figures_in_future", 422),
        ("/pool?by=colour", "validation_failed", 422),
        ("/pool?on=20240630", "validation_failed", 422),
        ("/deadlines?days=0", "validation_failed", 422),
        ("/deadlines/rows?limit=501", "validation_failed", 422),
        ("/funnel?cycle=a%00b", "unstorable_value", 422),
        ("/pool/rows?group=a%00b", "unstorable_value", 422),
        ("/pool/rows?cursor=a%00b", "unstorable_value", 422),
    ],
)
async def test_what_cannot_be_asked_is_refused(system: System, asked: str, code: str, status: int) -> None:
    await system.refused("evaluation", "GET", FIGURES + asked, province(system), code, status)


async def test_the_catalogue_names_every_figure_and_where_it_is(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    values = {"cycle": "2024-1", "by": "kind", "from": "2024-06-30", "to": "2024-12-31", "step": "month", "days": "7"}
    for one in (await figure(system, province(system), ""))["items"]:
        filled = values | {"on": "2024-06-30"} | ({"by": "city"} if one["key"] == "pool" else {})
        told = await system.ok("evaluation", "GET", one["link"].format(**filled), province(system))
        assert [told[name] for name in ("key", "title_zh", "definition_zh", "clause", "unit")] == [
            one[name] for name in ("key", "title_zh", "definition_zh", "clause", "unit")
        ]
        href = one["rows_link"].format_map(
            filled | dict.fromkeys(("stage", "part", "kind", "period", "group"), "x") | {"city": WUHAN_CITY}
        )
        assert (await system.ok("evaluation", "GET", href, province(system)))["items"] == []
    earliest = await figure(system, province(system), "/pool/series?from=0001-01-01&to=0001-02-01")
    assert [(one["on"], one["count"]) for one in earliest["points"]] == [("0001-01-31", 0), ("0001-02-01", 0)]
    assert (await figure(system, province(system), "/pool?on=0001-01-01"))["total"] == 0
    assert await owner.fetchval("SELECT count(*) FROM membership") == 0
