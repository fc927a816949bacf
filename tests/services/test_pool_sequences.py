"""Random histories of a small pool over HTTP: cap, credits, stays and plans hold, and as-of answers are the history's."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import asyncpg
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.forms import HUANGSHI, WUHAN, form
from support.notices import Clock
from support.pool_history import POOL, History, products, report
from support.system import System
from support.thoroughness import drawn

from services.simulation.invariants import NEVER

_CAP = 4
_DIVISIONS = (WUHAN, HUANGSHI)
_KINDS = ("tax_evasion", "data_falsification")
_acts = st.one_of(
    st.tuples(st.just("admit"), st.integers(1, 2), st.integers(0, 1)),
    st.tuples(st.just("report"), st.integers(0, 255), st.integers(0, 1)),
    st.tuples(st.just("incident"), st.integers(0, 7), st.integers(0, 1)),
    st.tuples(st.just("hold"), st.integers(0, 7), st.integers(0, 1)),
    st.tuples(st.just("lift"), st.integers(0, 7), st.just(0)),
    st.tuples(st.just("decide"), st.integers(0, 1), st.just(0)),
    st.tuples(st.just("adjust"), st.integers(0, 1), st.integers(1, 3)),
)
Act = tuple[str, int, int]


def _drawn(count: int) -> list[list[Act]]:
    """Drawn by Hypothesis, run afterwards in the loop that the servers live in; each begins with members and a report."""
    found: list[list[Act]] = []

    @settings(max_examples=count, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.lists(_acts, min_size=9, max_size=9))
    def collect(sequence: list[Act]) -> None:
        found.append([("admit", 2, 0), ("report", 255, 1), *sequence, ("adjust", 1, 2)])

    collect()
    return found


@dataclass
class Runner:
    """Acts on one pool; keeps its own account of who is in, and of what it was told on which day."""

    history: History
    owner: asyncpg.Connection
    day: date = date(2024, 7, 1)
    reported_until: date = date(2024, 6, 30)
    number: int = 0
    cycles: list[str] = field(default_factory=list)
    forms: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    industrialised: dict[str, int] = field(default_factory=dict)
    told: dict[tuple[date, str], set[str]] = field(default_factory=dict)

    async def step(self, act: Act) -> None:
        what, first, second = act
        self.day += timedelta(days=45)
        self.history.put(self.day.isoformat())
        await getattr(self, f"_{what}")(first, second)
        for wrong, query in NEVER.items():
            assert await self.owner.fetch(query) == [], (wrong, act)
        assert await self.history.members() == self.members, act
        self.told[self.day, self.history.clock.moment.isoformat()] = set(self.members)

    def _one(self, index: int) -> str | None:
        return sorted(self.members)[index % len(self.members)] if self.members else None

    async def _admit(self, count: int, place: int) -> None:
        new = [form(self.number + at, _DIVISIONS[place]) for at in range(1, count + 2)]
        self.number += count + 1
        code = f"c-{self.number}"
        await self.history.admitted(code, *new, quotas={"420100": 1, "420200": 1}, assessed_on="2024-06-30")
        self.cycles.append(code)
        for one in new:
            self.forms[one["uscc"]], self.industrialised[one["uscc"]] = one, 1
        rows = await self.owner.fetch("SELECT uscc FROM membership WHERE upper_inf(during)")
        came = {row["uscc"] for row in rows} - self.members
        assert len(came) <= 1
        self.members |= came

    async def _report(self, bits: int, recognised: int) -> None:
        """Whoever has a bit set has one more patent in use; who has none reports the same as before."""
        until = self.day - timedelta(days=1)
        code = f"p-{self.day}"
        await self.history.period(code, (self.reported_until + timedelta(days=1)).isoformat(), until.isoformat())
        self.reported_until = until
        for at, uscc in enumerate(sorted(self.members)):
            more = bits >> at % 8 & 1
            self.industrialised[uscc] += more
            listed = products((2023, "10000000.00", "1000000.00"))
            if recognised and more:
                listed += products(recognised=until.year, name="新产品")
                listed[-1]["recognised_on"] = until.isoformat()
            told = report(self.industrialised[uscc], max(2, self.industrialised[uscc]), listed)
            await self.history.reported(code, self.forms[uscc], told)

    async def _incident(self, index: int, kind: int) -> None:
        uscc = self._one(index)
        if uscc is not None:
            await self.history.incident(self.forms[uscc], _KINDS[kind], self.day - timedelta(days=2))

    async def _hold(self, index: int, kind: int) -> None:
        uscc = self._one(index)
        if uscc is not None:
            body = {"uscc": uscc, "kind": ("graduation", "exit")[kind], "reason": "复核中"}
            path = f"/v1/pools/{POOL}/holds"
            answer = await self.history.system.request("evaluation", "POST", path, self.history.planner, json=body)
            assert answer.status_code in {201, 409}, answer.text

    async def _lift(self, index: int, _: int) -> None:
        path, params = f"/v1/pools/{POOL}/holds", {"standing": True}
        system, planner = self.history.system, self.history.planner
        holds = (await system.ok("evaluation", "GET", path, planner, params=params))["items"]
        if holds:
            lifted = f"/v1/holds/{holds[index % len(holds)]['id']}:lift"
            await system.ok("evaluation", "POST", lifted, planner, json={"reason": "复核完毕"})

    async def _decide(self, keep: int, _: int) -> None:
        system, approver = self.history.system, self.history.approver
        page = await system.ok("evaluation", "GET", "/v1/exit-notices?undecided=true", approver)
        for notice in page["items"]:
            body = {"decision": "keep" if keep else "end", "reason": "经审议"}
            await system.ok("evaluation", "POST", f"/v1/exit-notices/{notice['id']}:decide", approver, json=body)

    async def _adjust(self, replace: int, at_once: int) -> None:
        """Plans made alike and committed at once: one of them happens, the others are stale or the same."""
        body = {"cycle": self.cycles[-1]} if replace else {}
        if not self.members and not replace:
            return
        plans = []
        for _ in range(at_once):
            answer = await self.history.system.request(
                "evaluation", "POST", "/v1/adjustments", self.history.planner, json={"pool": POOL, **body}
            )
            if answer.status_code == 409 and answer.json()["code"] == "adjustment_empty":
                return
            assert answer.status_code == 201, answer.text
            plans.append(answer.json())
        for plan in plans:
            await self.history.approve(plan)
        answers = await asyncio.gather(*(self.history.try_commit(plan) for plan in plans))
        assert 200 in {one.status_code for one in answers} <= {200, 409}, [one.text for one in answers]
        for plan, answer in zip(plans, answers, strict=True):
            if answer.status_code == 200:
                actions = await self.history.actions(plan)
                self.members -= {uscc for uscc, action in actions.items() if action in {"graduate", "exit"}}
                self.members |= {uscc for uscc, action in actions.items() if action == "admit"}

    async def check(self) -> None:
        """What was told on each day is told again, of the day and of the moment."""
        for (day, moment), members in self.told.items():
            assert await self.history.members(on=day.isoformat(), known_at=moment) == members
            assert await self.history.members(on=day.isoformat()) == members


async def test_random_histories_keep_what_must_hold(system: System, clock: Clock, owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE pool SET cap = $1", _CAP)
    runner = Runner(History(system, clock), owner)
    for sequence in _drawn(drawn(1, 30)):
        for act in sequence:
            await runner.step(act)
    await runner.check()
    ended = await owner.fetch("SELECT ended_reason, count(*) FROM membership GROUP BY ended_reason")
    # Not a history in which nothing happened.
    assert {row["ended_reason"] for row in ended} > {None, "graduated"} or len(ended) > 1
