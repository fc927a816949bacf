"""ETags of figures: the same answer or another one, cheaply told, and nothing of anybody else's in them."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import asyncpg
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.figures import CITIES, STANDING, Dashboard, by_group, check, city, province
from support.forms import HUANGSHI, WUHAN, form
from support.members import HUANGSHI_CITY, WUHAN_CITY, admit
from support.notices import Clock
from support.pool_history import History
from support.system import System
from support.thoroughness import drawn

from services.intake.applications.transitions import Act, Status, next_status

FUNNEL = "/funnel?cycle=2024-1"
CYCLE = "/v1/cycles/2024-1"
ACTS: tuple[Act, ...] = (
    "save_draft",
    "submit",
    "resubmit",
    "reapply",
    "return",
    "recommend",
    "decline",
    "reconsider",
    "withdraw",
)
# Who acts, and which of the acts that are allowed then.
Step = tuple[int, int]


def _drawn(count: int) -> list[list[Step]]:
    """Drawn by Hypothesis, run afterwards in the loop that the servers live in."""
    found: list[list[Step]] = []

    @settings(max_examples=count, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 99)), min_size=8, max_size=8))
    def collect(sequence: list[Step]) -> None:
        found.append(sequence)

    collect()
    return found


class Lives:
    """Applications of two cities, each acted on as its enterprise or its city would; keeps its own account."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.forms: list[tuple[str, dict[str, Any]]] = []
        self.ids: dict[int, str] = {}
        self.status: dict[int, Status] = {}

    def begin(self) -> None:
        """Four more enterprises, two of each city."""
        for at in range(4):
            where = ((WUHAN_CITY, WUHAN), (HUANGSHI_CITY, HUANGSHI))[at % 2]
            self.forms.append((where[0], form(len(self.forms) + 1, where[1])))

    def counts(self, code: str | None) -> dict[str, int]:
        return Counter(one for at, one in self.status.items() if code in {None, self.forms[at][0]})

    async def step(self, at: int, choice: int) -> str:
        """Do one of the acts that the application allows; the city that it belongs to."""
        before = self.status.get(at)
        allowed: list[Act] = [one for one in ACTS if next_status(before, one) not in {None, before}]
        act, (code, filled) = allowed[choice % len(allowed)], self.forms[at]
        told = await self._perform(act, at, filled, code)
        if at not in self.ids:
            self.ids[at] = told["application_id"] if act == "save_draft" else told["id"]
        after = next_status(before, act)
        assert after is not None
        self.status[at] = after
        return code

    async def _perform(self, act: Act, at: int, filled: dict[str, Any], code: str) -> Any:
        own, officer = self.system.enterprise(filled["uscc"]), city(self.system, code)
        match act:
            case "save_draft":
                return await self._post(f"{CYCLE}/drafts", own, filled)
            case "submit" | "resubmit" | "reapply":
                return await self._post(f"{CYCLE}/applications", own, filled)
            case "recommend":
                return await self._post("/v1/applications:recommend", officer, {"application_ids": [self.ids[at]]})
            case "return":
                body: dict[str, Any] = {"reasons": [{"field": "/people", "reason": "请核对"}]}
            case _:
                body = {"reason": "理由"}
        return await self._post(f"/v1/applications/{self.ids[at]}:{act}", officer, body)

    async def _post(self, path: str, token: str, body: dict[str, Any]) -> Any:
        return await self.system.ok("intake", "POST", path, token, json=body)


async def test_in_random_lives_every_count_is_right_and_only_ones_own_etag_changes(system: System) -> None:
    await system.open_cycle()
    lives = Lives(system)
    readers = {code: Dashboard(system, city(system, code), FUNNEL) for code in CITIES}
    whole = Dashboard(system, province(system), FUNNEL)
    due = Dashboard(system, city(system), "/deadlines?days=60")
    for one in (*readers.values(), due, whole):
        assert await one.poll()
        assert not await one.poll()
    for sequence in _drawn(drawn(2, 30)):
        lives.begin()
        for who, choice in sequence:
            code = await lives.step(len(lives.forms) - 4 + who, choice)
            for of, reader in readers.items():
                assert await reader.poll() == (of == code), (of, code)
                assert by_group(reader.body) == lives.counts(of)
            assert await due.poll() == (code == WUHAN_CITY)
            assert by_group(due.body).get("correction_due", 0) == lives.counts(WUHAN_CITY).get("returned", 0)
            assert await whole.poll()
            assert by_group(whole.body) == lives.counts(None)
            assert not await whole.poll()
    await system.drain()
    for token in (province(system), *(city(system, code) for code in CITIES)):
        told = await check(system, token, FUNNEL, limit=7)
        assert by_group(told).get("judged", 0) == by_group(told).get("recommended", 0)


async def test_what_is_unchanged_is_told_without_reading_it(system: System, owner: asyncpg.Connection) -> None:
    """Everything that figures are made of is locked, so that whoever reads it waits."""
    await admit(system, form(1), form(2, HUANGSHI))
    asked = [FUNNEL, *STANDING, "/pool/series?from=2024-06-30"]
    whole, own = province(system), city(system)
    boards = [Dashboard(system, token, one) for token in (whole, own) for one in asked]
    for one in boards:
        assert await one.poll()
    async with owner.transaction():
        await owner.execute(
            "LOCK TABLE application, assessment, application_snapshot, membership, membership_baseline, kept_place, "
            "reporting_period, progress_report, support_action, public_notice, replacement_credit_entry, pool, enterprise"
        )
        async with asyncio.timeout(20):
            for one in boards:
                assert not await one.poll(), one.asked
    # Another cap is everybody's.
    await owner.execute("UPDATE pool SET cap = 400, cap_basis = '试点'")
    for one in boards:
        assert await one.poll() == (one.asked == "/occupancy")
    # A cycle is everybody's as well; who is let in by it, its city's and the province's.
    await History(system, Clock(datetime.now(UTC))).admitted("2024-2", form(3, HUANGSHI), assessed_on="2024-06-30")
    news = [one for one in boards if await one.poll()]
    assert [one.asked for one in news if one.token == own] == ["/deadlines?days=60"]
    pool = {one for one in asked if one.startswith("/pool") or one in {"/occupancy", "/reports-overdue", FUNNEL}}
    assert pool <= {one.asked for one in news if one.token == whole}
    answer = await system.request(
        "evaluation", "GET", "/v1/figures" + FUNNEL, city(system), headers={"If-None-Match": f'"x", W/{boards[0].tag}'}
    )
    assert answer.status_code == 200, "an ETag of the province's is none of a city's"


async def test_who_polls_while_much_happens_never_holds_what_is_not_so(
    system: System, owner: asyncpg.Connection
) -> None:
    """One ETag is one answer, while changes are counted, and what was counted is drawn together, at the same time."""
    await system.open_cycle()
    mine, others = [form(one) for one in range(1, 13)], [form(one, HUANGSHI) for one in range(101, 113)]
    boards = [Dashboard(system, token, FUNNEL) for token in (province(system), city(system), city(system))]
    done = asyncio.Event()

    async def folding() -> None:
        while not done.is_set():
            await owner.execute("SELECT fold_figure_changes('application')")

    async def polling(board: Dashboard) -> None:
        while not done.is_set():
            await board.poll()

    async def submitting() -> None:
        await asyncio.gather(*(system.submit(one) for one in (*mine, *others)))
        done.set()

    await asyncio.gather(submitting(), folding(), *map(polling, boards))
    for board, count in zip(boards, (24, 12, 12), strict=True):
        await board.poll()
        assert board.body["total"] == count
        totals = {tag: text.partition('"total":')[2].split(",")[0] for tag, text in board.bodies.items()}
        # Under a city's ETag nothing but its own changes: each count that was seen has one.
        assert len(set(totals.values())) == len(totals)
    changes = "SELECT city_code, sum(changes)::int, count(*) FROM figure_change WHERE topic = 'application' GROUP BY 1"
    before = {row[0]: row[1] for row in await owner.fetch(changes)}
    await owner.execute("SELECT fold_figure_changes('application')")
    assert {row[0]: row[1] for row in await owner.fetch(changes)} == before == {WUHAN_CITY: 12, HUANGSHI_CITY: 12}
    assert {row[2] for row in await owner.fetch(changes)} == {1}
    assert not any([await board.poll() for board in boards])
