"""The pool by what its members are: random members of any past against a count that knows nothing of SQL."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.figures import CITIES, by_group, check, city, figure, province
from support.forms import uscc
from support.pool_history import POOL
from support.system import System

from services.evaluation.assessment.sme_size import size_class

_FIRST = date(2020, 1, 1)
_ZONE = ZoneInfo("Asia/Shanghai")
_BOUNDS = {"age": (3, 5, 10, 20), "stay": (1, 2, 3)}
_KINDS = ("high_tech", "sme_specialised")


def _maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), values)


_days = st.integers(0, 2000).map(lambda days: _FIRST + timedelta(days=days))
# An application may leave out any of these, or say nothing under its name; a list may be empty, a type be held twice.
_forms = st.fixed_dictionaries(
    {},
    optional={
        "industry_class": _maybe(st.sampled_from(("3976", "3985", "0111"))),
        "established_on": _maybe(st.integers(0, 9000).map(lambda days: str(date(1998, 1, 1) + timedelta(days=days)))),
        "finance": _maybe(
            st.fixed_dictionaries(
                {}, optional={"revenue_cny": _maybe(st.sampled_from(("1000000.00", "30000000.00", "900000000.00")))}
            )
        ),
        "people": _maybe(
            st.fixed_dictionaries({}, optional={"employees": _maybe(st.sampled_from((5, 100, 500, 2000)))})
        ),
        "qualifications": _maybe(
            st.lists(
                st.fixed_dictionaries(
                    {"type": st.sampled_from(_KINDS)}, optional={"expires_on": _maybe(_days.map(str))}
                ),
                max_size=3,
            )
        ),
    },
)


@dataclass(frozen=True)
class Member:
    """In from the first moment of `since` until that of `until`; `form` is None where no baseline was frozen."""

    city: str
    since: date
    until: date | None
    form: dict[str, Any] | None

    def groups(self, by: str, on: date) -> set[str]:
        """Those that it is counted in."""
        form = self.form or {}
        match by:
            case "city":
                return {self.city}
            case "chain":
                told = form.get("industry_class")
                return {"unknown" if told is None else told[:2]}
            case "age":
                told = form.get("established_on")
                return {"unknown" if told is None else _band(date.fromisoformat(told), on, by)}
            case "stay":
                return {_band(self.since, on, by)}
            case "qualification":
                listed = form.get("qualifications")
                held = {one["type"] for one in listed or () if (one.get("expires_on") or "9") >= str(on)}
                return held or {"unknown" if listed is None else "none"}
            case _:
                revenue = (form.get("finance") or {}).get("revenue_cny")
                people = (form.get("people") or {}).get("employees")
                fen = None if revenue is None else round(float(revenue) * 100)
                return {size_class(form.get("industry_class"), people, fen, None) or "unknown"}


def _band(since: date, on: date, by: str) -> str:
    years = on.year - since.year - ((on.month, on.day) < (since.month, since.day))
    lower = 0
    for upper in _BOUNDS[by]:
        if years < upper:
            return f"{lower}-{upper}"
        lower = upper
    return f"{lower}+"


@st.composite
def _members(draw: st.DrawFn) -> Member:
    since = draw(_days)
    until = draw(_maybe(st.integers(1, 900).map(lambda days: since + timedelta(days=days))))
    return Member(draw(st.sampled_from(CITIES)), since, until, draw(st.one_of(st.none(), _forms, _forms, _forms)))


def _drawn() -> tuple[list[Member], list[date]]:
    found: list[tuple[list[Member], list[date]]] = []

    @settings(max_examples=4, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.lists(_members(), min_size=40, max_size=40), st.lists(_days, min_size=1, max_size=1))
    def collect(members: list[Member], days: list[date]) -> None:
        found.append((members, days))

    collect()
    return [one for members, _ in found for one in members], sorted({day for _, days in found for day in days})


async def _put(owner: asyncpg.Connection, members: list[Member]) -> None:
    """As the ledgers would have them: no use case can be lived through so often."""
    async with owner.transaction():
        # The guards of a life that never was; constraints of the rows themselves hold.
        await owner.execute("SET LOCAL session_replication_role = replica")
        for number, one in enumerate(members):
            id_, code = uuid.uuid4(), uscc(number)
            begins, ends = (
                None if day is None else datetime(day.year, day.month, day.day, tzinfo=_ZONE)
                for day in (one.since, one.until)
            )
            await owner.execute(
                "INSERT INTO membership (id, pool_code, uscc, city_code, during, plan_id, ended_reason, ended_by_plan) "
                "VALUES ($1, $2, $3, $4, tstzrange($5, $6), $1, $7, $8)",
                *(id_, POOL, code, one.city, begins, ends),
                *((None, None) if ends is None else ("graduated", id_)),
            )
            if one.form is None:
                continue
            await owner.execute(
                "INSERT INTO application_snapshot (id, application_id, revision, payload, digest, submitted_by, channel) "
                "VALUES ($1, $1, 1, $2, '', '', 'http')",
                *(id_, json.dumps(one.form)),
            )
            await owner.execute(
                "INSERT INTO assessment (id, application_id, snapshot_id, cycle_id, city_code, uscc, rulebook_digest, "
                "assessed_on, overall, receipt, receipt_digest, inputs_digest, conflicts, current) "
                "VALUES ($1, $1, $1, $1, $2, $3, '', '2024-06-30', 'met', '', '', '', 0, true)",
                *(id_, one.city, code),
            )
            await owner.execute(
                "INSERT INTO membership_baseline (membership_id, assessment_id, receipt_digest) VALUES ($1, $1, '')",
                id_,
            )


async def test_random_members_are_counted_as_they_were_on_any_day(system: System, owner: asyncpg.Connection) -> None:
    members, days = _drawn()
    await _put(owner, members)
    readers = {None: province(system)} | {code: city(system, code) for code in CITIES}
    for on in days:
        there = [one for one in members if one.since <= on and (one.until is None or on < one.until)]
        for by in ("city", "chain", "size", "qualification", "age", "stay"):
            told = await figure(system, readers[None], f"/pool?by={by}&on={on}")
            expected = Counter((group, one.city) for one in there for group in one.groups(by, on))
            assert {(one["group"], one["city_code"]): one["count"] for one in told["cells"]} == expected, (by, on)
    for by in ("city", "chain", "size", "qualification", "age", "stay"):
        whole = await check(system, readers[None], f"/pool?by={by}&on={days[-1]}", thorough=False)
        parts = [by_group(await figure(system, readers[code], f"/pool?by={by}&on={days[-1]}")) for code in CITIES]
        assert sum(map(Counter, parts), Counter()) == by_group(whole)
    span = f"/pool/series?from={days[0]}&to={days[-1]}"
    for code, token in readers.items():
        for point in (await figure(system, token, span))["points"]:
            on = date.fromisoformat(point["on"])
            there = [one for one in members if one.since <= on and (one.until is None or on < one.until)]
            assert point["count"] == sum(one.city == code or code is None for one in there)
