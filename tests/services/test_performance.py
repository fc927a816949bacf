"""The annual performance of cities over HTTP: figures that are their rows, what cities report, years frozen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.forms import HUANGSHI, form
from support.locks import until_blocked
from support.members import HUANGSHI_CITY, WUHAN_CITY, on_record
from support.notices import Clock
from support.performance import (
    PERFORMANCE,
    a_full_year,
    city_officer,
    figures_of,
    loan,
    province,
    read,
    rows_of,
    supported,
    withdrawn,
)
from support.system import System
from support.thoroughness import drawn

from shared.canonical import canonical_text, sha256_hex

MINE, THEIRS = form(1), form(2, HUANGSHI)
CITIES = (WUHAN_CITY, HUANGSHI_CITY)
REPORTED = f"{PERFORMANCE}/2025/cities/{WUHAN_CITY}/reported"
FREEZE = f"{PERFORMANCE}/2025:freeze"
NOTHING = dict.fromkeys(
    (
        *("applications", "recommended", "members", "admissions", "graduations", "exits", "reports_due"),
        *("reports_on_time", "reports_late", "reports_missing", "incidents", "matched"),
        *("spot_checked", "spot_verified", "spot_contradicted"),
    ),
    "0",
) | {"financing": "0.00"}
FULL_YEARS: dict[tuple[int, str], dict[str, str | None]] = {
    (2024, WUHAN_CITY): {"members": "3", "admissions": "3", "financing": "3000000.00"},
    (2024, HUANGSHI_CITY): {"members": "2", "admissions": "2", "financing": None},
    (2025, WUHAN_CITY): {
        "members": "3",
        "graduations": "1",
        "financing": "6000000.50",
        "reports_due": "3",
        "reports_on_time": "1",
        "reports_late": "1",
        "reports_missing": "1",
        "spot_checked": "2",
        "spot_verified": "1",
        "spot_contradicted": "1",
    },
    (2025, HUANGSHI_CITY): {
        "members": "2",
        "exits": "1",
        "reports_due": "2",
        "reports_on_time": "1",
        "reports_missing": "1",
        "incidents": "1",
        "spot_checked": "1",
        "spot_verified": "1",
    },
}


def said(reason: str | None = None, **figures: str | None) -> dict[str, Any]:
    told = [{"indicator": key, "value": value} for key, value in figures.items()]
    return {"figures": told} | ({} if reason is None else {"reason": reason})


def added(values: Iterable[str | None]) -> Decimal | None:
    """The sum of what is known; None where there is something and none of it is."""
    told = list(values)
    known = [Decimal(one) for one in told if one is not None]
    return sum(known, Decimal(0)) if known or not told else None


def _has_rows(figure: Mapping[str, Any]) -> bool:
    return figure["rows"] > 0


async def check_rows(
    system: System, token: str, told: Mapping[str, Any], those: Callable[[Mapping[str, Any]], Any] = bool
) -> None:
    """Every figure of a city (or only `those`) is the sum of its rows, and so is each part."""
    for figure in filter(those, told["figures"]):
        rows = await rows_of(system, token, figure["rows_url"])
        key = (told["year"], told["city_code"], figure["indicator"])
        assert len({one["id"] for one in rows}) == len(rows) == figure["rows"], key
        assert added(one["value"] for one in rows) == (figure["value"] and Decimal(figure["value"])), key
        assert sum(one["value"] is None for one in rows) == figure["unknown_rows"], key
        assert all(one["happened_on"][:4] <= str(told["year"]) for one in rows), key
        for part in figure["parts"]:
            values = [one["value"] for one in rows if one["part"] == part["part"]]
            assert (len(values), added(values)) == (part["rows"], part["value"] and Decimal(part["value"])), key
        assert sum(part["rows"] for part in figure["parts"]) == figure["rows"], key


async def check_province(system: System, year: int) -> dict[str, Any]:
    """The cities' figures together are the province's; the ranking."""
    told = await read(system, province(system), year)
    assert len(told["cities"]) == 17
    assert [one["rank"] for one in told["cities"]] == sorted(one["rank"] for one in told["cities"])
    cities = [{one["indicator"]: one for one in city["figures"]} for city in told["cities"]]
    for figure in told["province"]:
        of_cities = [city[figure["indicator"]] for city in cities]
        assert figure["rows"] == sum(one["rows"] for one in of_cities)
        assert figure["unknown_rows"] == sum(one["unknown_rows"] for one in of_cities)
        known = added(one["value"] for one in of_cities if one["rows"])
        assert known == (figure["value"] and Decimal(figure["value"])), figure["indicator"]
    return told


async def test_every_figure_of_every_year_is_the_sum_of_its_rows(system: System, clock: Clock) -> None:
    await a_full_year(system, clock)
    clock.moment = datetime.now(UTC)
    this_year = clock.moment.year
    # Applications are dated by the database, whose clock nobody puts.
    applied = {WUHAN_CITY: "3", HUANGSHI_CITY: "2"}
    for year in (2024, 2025, this_year):
        for city in CITIES:
            told = await read(system, province(system), year, city)
            expected = NOTHING | FULL_YEARS.get((year, city), {"members": "2" if city == WUHAN_CITY else "1"})
            if year == this_year:
                expected |= {"applications": applied[city], "recommended": applied[city]}
            assert figures_of(told) == expected, (year, city)
            # Of the year in which most happens also those without any row.
            everything = bool if year == 2025 else _has_rows
            await check_rows(system, province(system), told, everything)
        await check_province(system, year)
    told = await read(system, province(system), 2025, HUANGSHI_CITY)
    parts = {one["indicator"]: [part["title_zh"] for part in one["parts"]] for one in told["figures"]}
    assert (parts["exits"], parts["incidents"], parts["reports_due"]) == (["偷漏税"], ["偷漏税"], ["2024-H2"])
    await check_scores(system)


async def check_scores(system: System) -> None:
    """Each point explained; what cannot be computed is neither zero nor given to others."""
    told = await read(system, province(system), 2025, WUHAN_CITY)
    points = {one["indicator"]: one["points"] for one in told["figures"]}
    # 出库 1/3 ≥ 0.1; 户均 2000000.1666; 未报告 1/3 of at most 1/2; no incident; 核查 1/2 is the least.
    assert {key: value for key, value in points.items() if value is not None} == {
        "applications": "0.00",
        "graduations": "15.00",
        "financing": "8.00",
        "reports_missing": "6.66",
        "incidents": "10.00",
        "spot_verified": "0.00",
    }
    assert (told["score"], told["score_at_most"], told["unknown_weight"], told["rank"]) == ("39.66", "59.66", 20, 1)
    explained = {one["indicator"]: one["explanation_zh"] for one in told["figures"]}
    assert explained["reports_missing"] == "未报告数÷应报告数为 0.3333，0.5 得 0 分、0 得满分，权重 20，得 6.66 分"
    assert explained["recommended"] == "推荐数÷申报数无法计算，权重 10 列为未知，不按零计，也不分摊给其他指标"
    assert explained["members"] is None
    for city, financing in ((WUHAN_CITY, ("3000000.00", 1, "4.00")), (HUANGSHI_CITY, (None, 1, None))):
        told = await read(system, province(system), 2024, city)
        (figure,) = [one for one in told["figures"] if one["indicator"] == "financing"]
        assert (figure["value"], figure["unknown_rows"], figure["points"]) == financing
        assert told["score_at_most"] == "80.00"


async def test_a_city_reports_and_corrects_and_the_difference_is_shown(
    system: System, clock: Clock, owner: asyncpg.Connection
) -> None:
    await on_record(system, MINE)
    clock.put("2025-12-30 09:00")
    await supported(system, loan(MINE, "5000000.50", "2025-06-20"))
    officer, other = city_officer(system), city_officer(system, who="wang-fang")
    body = said(financing="6000000", exits="0", members=None)
    answers = [await system.ok("evaluation", "POST", REPORTED, officer, json=body) for _ in range(2)]
    assert answers[0]["reported"] == answers[1]["reported"]
    told = {one["indicator"]: (one["value"], one["reported"], one["difference"]) for one in answers[0]["figures"]}
    assert told["financing"] == ("5000000.50", "6000000.00", "999999.50")
    assert (told["exits"], told["members"], told["incidents"]) == (
        ("0", "0", "0"),
        ("0", None, None),
        ("0", None, None),
    )
    await system.refused("evaluation", "POST", REPORTED, other, "performance_reason_missing", 409, json=body)
    corrected = said("多计一笔", financing="4000000.00")
    again = await system.ok("evaluation", "POST", REPORTED, other, json=corrected)
    assert (again["reported"]["supersedes"], again["reported"]["reason"]) == (answers[0]["reported"]["id"], "多计一笔")
    # A correction gives everything anew: what it leaves out is not reported any longer.
    told = {one["indicator"]: (one["reported"], one["difference"]) for one in again["figures"]}
    assert (told["financing"], told["exits"]) == (("4000000.00", "-1000000.50"), (None, None))
    assert (await read(system, province(system), 2025, WUHAN_CITY))["reported"]["reported_by"] == "wang-fang"
    assert await owner.fetchval("SELECT count(*) FROM performance_report") == 2
    assert await owner.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'performance.report'") == 2
    for change in ("UPDATE performance_report SET figures = '{}'", "DELETE FROM performance_report"):
        with pytest.raises(asyncpg.PostgresError, match="never changed"):
            await owner.execute(change)


async def test_bad_figures_years_and_cities_are_refused_and_change_nothing(
    system: System, clock: Clock, owner: asyncpg.Connection
) -> None:
    clock.put("2025-12-30 09:00")
    officer, body = city_officer(system), said(exits="1")
    cases: list[tuple[str, str, str, int, dict[str, Any]]] = [
        (REPORTED, officer, "validation_failed", 422, said(exits="-1")),
        (REPORTED, officer, "validation_failed", 422, said(financing="1.005")),
        (REPORTED, officer, "validation_failed", 422, said()),
        (REPORTED, officer, "performance_not_whole", 422, said(exits="1.50")),
        (REPORTED, officer, "performance_indicator_unknown", 422, said(happiness="1")),
        (REPORTED, officer, "performance_indicator_twice", 422, {"figures": body["figures"] * 2}),
        (REPORTED, officer, "performance_nothing_to_correct", 409, body | {"reason": "更正"}),
        (REPORTED.replace("2025", "2026"), officer, "performance_year_in_future", 422, body),
        (REPORTED.replace("2025", "2023"), officer, "performance_year_before_ledgers", 422, body),
        (REPORTED.replace(WUHAN_CITY, HUANGSHI_CITY), officer, "not_found", 404, body),
        (REPORTED.replace(WUHAN_CITY, "429999"), officer, "not_found", 404, body),
        (REPORTED, province(system), "forbidden", 403, body),
        (REPORTED, system.enterprise(MINE["uscc"]), "forbidden", 403, body),
        (FREEZE, officer, "forbidden", 403, {}),
        (FREEZE, province(system), "performance_year_not_over", 409, {}),
        (FREEZE.replace("2025", "2026"), province(system), "performance_year_in_future", 422, {}),
        (FREEZE.replace("2025", "1999"), province(system), "validation_failed", 422, {}),
    ]
    for path, who, code, status, given_ in cases:
        problem = await system.refused("evaluation", "POST", path, who, code, status, json=given_)
        if status == 422 and code.startswith("performance_ind"):
            assert problem["violations"][0]["pointer"].endswith("/indicator")
    for table in ("performance_report", "performance_freeze"):
        assert await owner.fetchval(f"SELECT count(*) FROM {table}") == 0
    values = "(uuidv7(), 2025, '420100', '{\"exits\": -1}', 'x', now())"
    with pytest.raises(asyncpg.CheckViolationError, match="figures_not_negative"):
        await owner.execute(
            f"INSERT INTO performance_report (id, year, city_code, figures, reported_by, reported_at) VALUES {values}"
        )


async def test_who_may_see_what(system: System, clock: Clock) -> None:
    await on_record(system, MINE, THEIRS)
    clock.put("2025-12-30 09:00")
    await supported(system, loan(MINE, "1.00", "2025-06-20"), loan(THEIRS, "2.00", "2025-06-20"))
    officer, auditor = city_officer(system), system.officer("aud", "auditor")
    own = await read(system, officer, 2025)
    assert ([one["city_code"] for one in own["cities"]], own["province"]) == ([WUHAN_CITY], None)
    assert own["cities"] == [
        one for one in (await read(system, auditor, 2025))["cities"] if one["city_code"] == WUHAN_CITY
    ]
    assert (await read(system, officer, 2025, WUHAN_CITY))["city_name"] == "武汉市"
    theirs = f"{PERFORMANCE}/2025/cities/{HUANGSHI_CITY}"
    (row,) = await rows_of(system, auditor, f"{theirs}/rows/financing")
    assert (row["uscc"], row["name"], row["value"]) == (THEIRS["uscc"], THEIRS["name"], "2.00")
    for path in (theirs, f"{theirs}/rows/financing", f"{PERFORMANCE}/2025/cities/429999", f"{PERFORMANCE}/2025/frozen"):
        await system.refused("evaluation", "GET", path, officer, "not_found", 404)
    unknown = f"{PERFORMANCE}/2025/cities/{WUHAN_CITY}/rows/happiness"
    await system.refused("evaluation", "GET", unknown, officer, "not_found", 404)
    for who in (system.officer("r", "reviewer"), system.enterprise(MINE["uscc"])):
        await system.refused("evaluation", "GET", f"{PERFORMANCE}/2025", who, "forbidden", 403)
    params = {"compare": "frozen"}
    await system.refused(
        "evaluation", "GET", f"{PERFORMANCE}/2025", officer, "performance_not_frozen", 409, params=params
    )


async def test_a_frozen_year_stays_and_what_changes_later_is_told(
    system: System, clock: Clock, owner: asyncpg.Connection
) -> None:
    await on_record(system, MINE)
    clock.moment = datetime(2026, 1, 5, 1, tzinfo=UTC)
    await supported(system, loan(MINE, "5000000.00", "2025-06-20"))
    await system.ok("evaluation", "POST", REPORTED, city_officer(system), json=said(financing="1"))
    people = [province(system, f"p{at}") for at in range(4)]
    answers = await asyncio.gather(*(system.request("evaluation", "POST", FREEZE, one) for one in people))
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {"performance_frozen_already"}
    (first,) = [one.json() for one in answers if one.status_code == 201]
    assert first["digest"] == sha256_hex(canonical_text(first["content"]))
    (mine,) = [one for one in first["content"]["cities"] if one["city_code"] == WUHAN_CITY]
    assert (mine["reported"], figures_of(mine)["financing"]) == ({"financing": "1.00"}, "5000000.00")
    again = await system.ok("evaluation", "POST", FREEZE, province(system, first["frozen_by"]))
    assert again == first == await system.ok("evaluation", "GET", f"{PERFORMANCE}/2025/frozen", province(system))
    officer = city_officer(system)
    await system.refused(
        "evaluation", "POST", REPORTED, officer, "performance_frozen", 409, json=said("更正", financing="2")
    )
    assert (await read(system, officer, 2025, compare="frozen"))["comparison"] == {
        "settings_changed": False,
        "changes": [],
    }
    await supported(system, loan(MINE, "0.01", "2025-07-20"))
    told = await read(system, officer, 2025, WUHAN_CITY, compare="frozen")
    change = {"city_code": WUHAN_CITY, "indicator": "financing", "frozen": "5000000.00", "now": "5000000.01"}
    assert told["comparison"]["changes"] == [change]
    assert told["frozen"]["digest"] == first["digest"]
    assert await owner.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'performance.freeze'") == 1
    insert = (
        "INSERT INTO performance_freeze SELECT uuidv7(), 2026, content, digest, 'x', frozen_at FROM performance_freeze"
    )
    for refused in ("UPDATE performance_freeze SET digest = digest", "TRUNCATE performance_freeze", insert):
        with pytest.raises(asyncpg.PostgresError, match=r"never changed|year_over"):
            await owner.execute(refused)


async def test_who_reports_while_the_year_is_frozen_is_in_it_or_refused(
    system: System, clock: Clock, owner: asyncpg.Connection
) -> None:
    clock.put("2026-01-05 09:00")
    bodies = [(city_officer(system, who=f"o{at}"), said(exits=str(at))) for at in range(6)]
    reports = [system.request("evaluation", "POST", REPORTED, one, json=body) for one, body in bodies]
    frozen, *answers = await asyncio.gather(system.request("evaluation", "POST", FREEZE, province(system)), *reports)
    assert frozen.status_code == 201
    codes = [one.json().get("code", "kept") if one.status_code == 409 else "kept" for one in answers]
    assert set(codes) <= {"kept", "performance_reason_missing", "performance_corrected_already", "performance_frozen"}
    assert codes.count("kept") <= 1
    kept = await owner.fetchval("SELECT figures ->> 'exits' FROM performance_report")
    (mine,) = [one for one in frozen.json()["content"]["cities"] if one["city_code"] == WUHAN_CITY]
    assert mine["reported"] == (None if kept is None else {"exits": kept})


async def test_who_freezes_waits_for_a_city_that_is_reporting(
    system: System, clock: Clock, owner: asyncpg.Connection, database_urls: dict[str, str]
) -> None:
    clock.put("2026-01-05 09:00")
    city = await asyncpg.connect(database_urls["owner"].replace("+asyncpg", ""))
    async with city.transaction():
        await city.execute(
            "INSERT INTO performance_report (id, year, city_code, figures, reported_by, reported_at) "
            "VALUES (uuidv7(), 2025, '420100', '{\"exits\": 3}', 'zhang-wei', now())"
        )
        freezing = asyncio.create_task(system.ok("evaluation", "POST", FREEZE, province(system)))
        await until_blocked(owner)
    await city.close()
    (mine,) = [one for one in (await freezing)["content"]["cities"] if one["city_code"] == WUHAN_CITY]
    assert mine["reported"] == {"exits": "3"}


_days = st.sampled_from(("2024-12-31", "2025-01-01", "2025-06-20", "2025-12-31", "2026-01-01"))
_kinds = st.sampled_from(("ip_pledge_loan", "equity", "fiscal_subsidy"))
_loans = st.tuples(st.integers(0, 1), st.integers(0, 10**12), _days, _kinds, st.booleans())
Recorded = tuple[int, int, str, str, bool]


def _drawn(count: int) -> list[list[Recorded]]:
    """Drawn by Hypothesis, run afterwards in the loop that the servers live in."""
    found: list[list[Recorded]] = []

    @settings(max_examples=count, phases=[Phase.generate])
    @given(st.lists(_loans, min_size=3, max_size=5))
    def collect(history: list[Recorded]) -> None:
        found.append(history)

    collect()
    return found


async def test_of_random_ledgers_totals_are_their_rows_and_cities_make_the_province(
    system: System, clock: Clock
) -> None:
    await on_record(system, MINE, THEIRS)
    clock.put("2026-01-05 09:00")
    oracle: dict[tuple[int, str], int] = {}
    number = 0
    for history in _drawn(drawn(2, 30)):
        for whose, fen, day, kind, taken_back in history:
            number += 1
            body = loan((MINE, THEIRS)[whose], f"{fen // 100}.{fen % 100:02d}", day, kind=kind)
            (action,) = await supported(system, body | {"provider": f"【虚构】第{number}家"})
            if taken_back:
                await withdrawn(system, action)
            elif kind != "fiscal_subsidy":
                key = (int(day[:4]), CITIES[whose])
                oracle[key] = oracle.get(key, 0) + fen
        for year in (2024, 2025, 2026):
            told = await check_province(system, year)
            financing = {one["city_code"]: figures_of(one)["financing"] for one in told["cities"]}
            for city in CITIES:
                assert Decimal(financing[city] or "-1").scaleb(2) == oracle.get((year, city), 0)
    for city in CITIES:
        told = await read(system, province(system), 2025, city)
        await check_rows(system, province(system), told, _has_rows)
