"""Whatever order reviewers and assigners act in, the rules of standing hold (a property over random sequences)."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
from hypothesis import given, settings
from hypothesis import strategies as st
from support.forms import form, with_changes
from support.reviewing import ASSIGNER, finding, judge, judge_again
from support.system import System
from support.thoroughness import drawn

PEOPLE = {"zhao": "429021", "qian": "420200", "local": "420100"}
SPELLINGS = (str, str.upper, lambda name: f" {name} ")
ACTS = ("assign", "reassign", "delegate", "declare", "conflict", "find", "propose", "sign", "rejudge")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(ACTS), st.sampled_from(sorted(PEOPLE)), st.sampled_from(sorted(PEOPLE)), st.integers(0, 2)
    ),
    min_size=6,
    max_size=10,
)
# Each names what must never be found.
NEVER = {
    "a finding by somebody who had not declared": """
        SELECT count(*) FROM finding f JOIN assessment a ON a.id = f.assessment_id
        JOIN review r ON r.application_id = a.application_id
        WHERE NOT EXISTS (SELECT FROM review_declaration d WHERE d.review_id = r.id AND NOT d.conflict
            AND d.reviewer = person_of(f.found_by) AND d.created_at <= f.created_at)""",
    "an act of the home city": """
        SELECT count(*) FROM assessment a LEFT JOIN finding f ON f.assessment_id = a.id
        LEFT JOIN deviation v ON v.assessment_id = a.id
        WHERE a.city_code IN (f.reviewer_city, v.reviewer_city, v.signer_city)
            OR 'local' IN (person_of(f.found_by), person_of(v.proposed_by), person_of(v.signed_by))""",
    "a deviation with one person behind it": """
        SELECT count(*) FROM deviation WHERE person_of(signed_by) = person_of(proposed_by)""",
    "an assignee with a conflict": """
        SELECT count(*) FROM review r JOIN review_declaration d ON d.review_id = r.id
        WHERE d.conflict AND d.reviewer = r.assignee""",
    "a review that is not about the current assessment": """
        SELECT count(*) FROM review r JOIN assessment a ON a.id = r.assessment_id WHERE NOT a.current""",
    "a history that does not end with the assignee": """
        SELECT count(*) FROM review r WHERE r.assignee IS DISTINCT FROM (SELECT to_reviewer FROM review_assignment h
            WHERE h.review_id = r.id ORDER BY id DESC LIMIT 1)""",
    "an open item that a finding settles": """
        SELECT count(*) FROM review r JOIN review_item i ON i.review_id = r.id AND i.open
        JOIN finding f ON f.assessment_id = r.assessment_id AND f.part = i.part WHERE i.kind <> 'deviation'""",
    "a review done with something open": """
        SELECT count(*) FROM review r WHERE (status = 'done')
            = EXISTS (SELECT FROM review_item i WHERE i.review_id = r.id AND i.open)""",
}


# Does everything once, so that the rules are also seen where acts succeed.
EVERYTHING = [
    ("reassign", "zhao", "zhao", 0),
    ("declare", "zhao", "zhao", 1),
    ("find", "zhao", "zhao", 2),
    ("propose", "zhao", "zhao", 0),
    ("sign", "zhao", "zhao", 1),
    ("declare", "qian", "qian", 0),
    ("rejudge", "zhao", "zhao", 0),
    ("sign", "qian", "qian", 2),
    ("delegate", "zhao", "qian", 0),
    ("find", "qian", "qian", 0),
    ("conflict", "qian", "qian", 0),
]


class _Round:
    """One application, and what the people do to its review."""

    def __init__(self, system: System, application_id: str, review_id: str) -> None:
        self.system, self.application_id, self.review_id = system, application_id, review_id
        self.revisions = 0

    async def step(self, act: str, who: str, other: str, spelling: int) -> int:
        """The status of the answer; 200 for a judgement anew."""
        name = SPELLINGS[spelling](who)
        if act == "rejudge":
            self.revisions += 1
            await judge_again(self.system, self.application_id, self._form(), ("/people",))
            return 200
        token = self.system.officer(*ASSIGNER) if act in ("assign", "reassign") else _token(self.system, name)
        path, body = await self._request(act, other)
        answer = await self.system.request("evaluation", "POST", path, token, json=body)
        return answer.status_code

    def _form(self) -> dict[str, Any]:
        return with_changes(form(1, qualifications=[]), "people", rd_staff=20 + self.revisions)

    async def _request(self, act: str, other: str) -> tuple[str, Any]:
        (current,) = await self.system.assessments()
        assessment, review = f"/v1/assessments/{current['id']}", f"/v1/reviews/{self.review_id}"
        return {
            "assign": ("/v1/cycles/2024-1/reviews:assign", {}),
            "reassign": (f"{review}:reassign", {"to": other, "reason": "调整"}),
            "delegate": (f"{review}:delegate", {"to": other, "reason": "出差"}),
            "declare": (f"{review}:declare", {"conflict": False}),
            "conflict": (f"{review}:declare", {"conflict": True, "reason": "曾任顾问"}),
            "find": (f"{assessment}/findings", finding("7.leader" if other == "zhao" else "8.influence")),
            "propose": (f"{assessment}/deviations", {"part": "2.qualification", "reason": "省级重点实验室"}),
            "sign": (f"/v1/deviations/{await self._deviation(assessment)}:sign", None),
        }[act]

    async def _deviation(self, assessment: str) -> str:
        auditor = self.system.officer("auditor", "auditor")
        full = await self.system.ok("evaluation", "GET", assessment, auditor)
        found = (part["deviation"] for criterion in full["criteria"] for part in criterion["parts"])
        return next((one["id"] for one in found if one), self.review_id)


def _token(system: System, name: str) -> str:
    return system.officer(name, "reviewer")


async def test_in_whatever_order_people_act_the_rules_of_standing_hold(
    system: System, owner: asyncpg.Connection
) -> None:
    (summary,) = await judge(system, form(1, qualifications=[]))
    for name, home in PEOPLE.items():
        await system.register_reviewer(name, home)
    review_id = (await system.review_of(summary["id"]))["id"]
    loop, seen = asyncio.get_running_loop(), set[tuple[str, int]]()

    async def play(steps: list[tuple[str, str, str, int]]) -> None:
        await _start_again(owner)
        one = _Round(system, summary["application_id"], review_id)
        for step in steps:
            status = await one.step(*step)
            assert status in {200, 201, 403, 404, 409}, (step, status)
            seen.add((step[0], status))
            for what, query in NEVER.items():
                assert await owner.fetchval(query) == 0, (what, steps)

    @settings(max_examples=drawn(2, 60), deadline=None)
    @given(steps=STEPS)
    def sequences(steps: list[tuple[str, str, str, int]]) -> None:
        asyncio.run_coroutine_threadsafe(play(steps), loop).result(timeout=60)

    await asyncio.to_thread(sequences)
    await play(EVERYTHING)
    assert {("find", 200), ("propose", 201), ("sign", 200), ("conflict", 200), ("rejudge", 200)} <= seen


async def _start_again(owner: asyncpg.Connection) -> None:
    """Nothing declared, found or signed, and nobody assigned."""
    emptied = "review_assignment, review_declaration, finding, deviation"
    for table in emptied.split(", "):
        await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    await owner.execute(f"TRUNCATE {emptied}")
    for table in emptied.split(", "):
        await owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    await owner.execute("UPDATE review SET assignee = NULL, assigned_at = NULL, status = 'open'")
    await owner.execute("DELETE FROM review_item")
    await owner.execute(
        "INSERT INTO review_item (review_id, part, kind, open) SELECT id, part, kind, true FROM review, (VALUES "
        "('7.leader', 'judgement'), ('8.influence', 'judgement'), ('2.qualification', 'deviation')) AS i (part, kind)"
    )
