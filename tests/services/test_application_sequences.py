"""Random sequences of acts over HTTP against a model that knows nothing but the table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import asyncpg
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.forms import form, with_changes
from support.system import System
from support.thoroughness import drawn

from services.intake.applications.passing_on import pass_on
from services.intake.applications.transitions import TABLE, Act, Status, next_status
from shared.models.intake.applications import APPLICATION_SECTIONS

CITY = "420100"
WHO = ("enterprise", "city_officer", "province_officer", "reviewer")
# A number picks among the acts that the table allows where the application stands; a pair is tried wherever it stands.
Step = int | tuple[Act, str]
steps = st.one_of(
    st.integers(0, 999), st.integers(0, 999), st.tuples(st.sampled_from(sorted(TABLE)), st.sampled_from(WHO))
)


def _drawn(count: int) -> list[list[Step]]:
    """Sequences drawn by Hypothesis; they are run afterwards, in the loop that the servers live in."""
    found: list[list[Step]] = []

    @settings(max_examples=count, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.lists(steps, min_size=12, max_size=18))
    def collect(sequence: list[Step]) -> None:
        found.append(sequence)

    collect()
    return found


def _chosen(step: Step, status: Status | None) -> tuple[Act, str]:
    if not isinstance(step, int):
        return step
    allowed = [
        (act, role)
        for act, rule in sorted(TABLE.items())
        if status in rule.moves
        for role in sorted(rule.roles & {*WHO, "system"})
    ]
    return allowed[step % len(allowed)]


@dataclass
class Model:
    """What should be so. `form` is the newest submitted one, `open` the sections that a correction may touch."""

    number: int
    id: str = ""
    status: Status | None = None
    revision: int = 0
    form: dict[str, Any] = field(default_factory=dict)
    open: tuple[str, ...] = APPLICATION_SECTIONS
    confirmed: dict[str, int] = field(default_factory=dict)
    acts: list[Act] = field(default_factory=list)


class Runner:
    """Performs one act as one role over HTTP, and checks the answer against the model."""

    def __init__(self, system: System, model: Model) -> None:
        self.system, self.model = system, model

    def _token(self, role: str) -> str:
        if role == "enterprise":
            return self.system.enterprise(form(self.model.number)["uscc"])
        return self.system.officer(f"the-{role}", role, CITY if role == "city_officer" else None)

    async def step(self, act: Act, role: str) -> None:
        model, rule = self.model, TABLE[act]
        if act == "pass_on":
            await self._pass_on()
            return
        if not model.id and act not in {"save_draft", "submit"}:
            return
        answer = await self._perform(act, role)
        allowed = role in rule.roles and next_status(model.status, act) is not None
        if answer.status_code == 403:
            assert role not in rule.roles or role == "province_officer", (act, role)
            return
        if act == "recommend" and model.status in {"recommended", "passed_on"} and role == "city_officer":
            # What was recommended and taken in since stays so: asked again, nothing changes.
            assert answer.json() == {"recommended": 0, "already_recommended": 1}
            return
        assert answer.is_success == allowed, (act, role, model.status, answer.status_code, answer.text)
        if allowed:
            self._follow(act, answer.json() if answer.content else {})

    async def _perform(self, act: Act, role: str) -> Any:
        model, token = self.model, self._token(role)
        path, base = "/v1/cycles/2024-1", f"/v1/applications/{model.id}"

        async def post(where: str, body: Any) -> Any:
            return await self.system.request("intake", "POST", where, token, json=body)

        match act:
            case "save_draft" if model.status is None:
                return await post(f"{path}/drafts", form(model.number))
            case "save_draft":
                call = {"json": {"contact_name": "张三（虚构）"}, "headers": {"If-Match": "*"}}
                return await self.system.request("intake", "PATCH", f"{base}/draft", token, **call)
            case "submit" | "resubmit" | "reapply":
                # One door for all three: what it is follows from where the application stands.
                return await post(f"{path}/applications", self._next_form())
            case "recommend":
                return await post("/v1/applications:recommend", {"application_ids": [model.id]})
            case "return" | "reopen":
                reasons = [{"field": "/people", "reason": f"第 {len(model.acts)} 次"}]
                return await post(f"{base}:{act}", {"reasons": reasons})
            case _:
                return await post(f"{base}:{act}", {"reason": f"理由 {len(model.acts)}"})

    def _next_form(self) -> dict[str, Any]:
        base = self.model.form or form(self.model.number)
        return with_changes(base, "people", rd_staff=10 + len(self.model.acts) % 80)

    async def _pass_on(self) -> None:
        statement = "SELECT id FROM application_snapshot WHERE application_id = $1"
        async with self.system.apps["intake"].state.database.sessions.begin() as session:
            connection = await (await session.connection()).get_raw_connection()
            rows = await connection.driver_connection.fetch(statement, self.model.id or None)
            moved = await pass_on(session, [row["id"] for row in rows])
        assert moved == (self.model.status == "recommended")
        if moved:
            self._follow("pass_on", {})

    def _follow(self, act: Act, answer: dict[str, Any]) -> None:
        model = self.model
        if act in {"submit", "resubmit", "reapply"}:
            model.form, model.revision = self._next_form(), model.revision + 1
            assert answer["revision"] == model.revision
        model.id = model.id or answer.get("id") or answer["application_id"]
        if act == "recommend":
            model.confirmed = dict.fromkeys(APPLICATION_SECTIONS, model.revision) | model.confirmed
        elif act in {"return", "reopen"}:
            model.confirmed.pop("people", None)
        elif act == "withdraw":
            model.confirmed = {}
        model.status = next_status(model.status, act)
        model.acts.append(act)

    async def check(self) -> None:
        model = self.model
        if not model.id:
            return
        shown = await self.system.ok("intake", "GET", f"/v1/applications/{model.id}", self._token("auditor"))
        assert (shown["status"], shown["revision"]) == (model.status, model.revision)
        confirmed = {one["section"]: one["confirmed_revision"] for one in shown["sections"]}
        assert confirmed == {name: model.confirmed.get(name) for name in APPLICATION_SECTIONS}
        assert [one["section"] for one in shown["sections"] if one["reopened"]] == (
            ["people"] if model.status == "returned" else []
        )
        page = await self.system.ok("intake", "GET", f"/v1/applications/{model.id}/history", self._token("auditor"))
        assert [one["act"] for one in page["items"]] == model.acts


def _meant(act: Act, status: Status | None) -> Act:
    """The act that posting a form is, where the application stands; others are themselves."""
    if act not in {"submit", "resubmit", "reapply"}:
        return act
    return {"returned": "resubmit", "withdrawn": "reapply"}.get(str(status), "submit")  # type: ignore[return-value]


async def test_random_lives_follow_the_table(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    seen: set[tuple[Status | None, Act]] = set()
    for number, sequence in enumerate(_drawn(drawn(20, 500)), start=1):
        runner = Runner(system, Model(number))
        for wanted in sequence:
            act, role = _chosen(wanted, runner.model.status)
            meant = _meant(act, runner.model.status)
            before, done = runner.model.status, len(runner.model.acts)
            await runner.step(meant, role)
            if len(runner.model.acts) > done:
                seen.add((before, meant))
        await runner.check()
    every = {(before, act) for act, rule in TABLE.items() for before in rule.moves}
    assert len(seen) >= len(every) * 0.8, every - seen
    # Every snapshot is the newest of its application or an older one; none is missing, none was changed.
    wrong = """
        SELECT count(*) FROM application a
        WHERE revision <> (SELECT count(*) FROM application_snapshot s WHERE s.application_id = a.id)
    """
    assert await owner.fetchval(wrong) == 0
