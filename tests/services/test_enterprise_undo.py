"""Any changes, undone in reverse order, leave the records as they were, and leave the histories too."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.enterprises import GROUNDS, Registry
from support.forms import form, uscc
from support.system import System
from support.thoroughness import drawn

RECORDS = 3
_WHO = st.integers(0, RECORDS - 1)
_ACT = st.one_of(
    st.tuples(_WHO, st.just("rename"), st.sampled_from(("甲", "乙", "丙"))),
    st.tuples(_WHO, st.just("relocate"), st.sampled_from(("420106", "420202", "429004"))),
    st.tuples(_WHO, st.just("changeCode"), st.integers(0, 3)),
    st.tuples(_WHO, st.just("merge"), _WHO),
)
_PRESENT = ("uscc", "name", "division_code", "city_code", "codes", "absorbed")
ALLEGED = {"reason": "据通报", "document": {"title": "通报", "issuer": "【虚构】示范局"}}
_numbers = count(10_000, 100)


def _body(base: int, act: str, what: Any) -> dict[str, Any]:
    match act:
        case "rename":
            return {"name": f"【虚构】{what}有限公司"}
        case "relocate":
            return {"registered_division": what}
        case "changeCode":
            return {"new_code": uscc(base + 10 + what), "mismatch_confirmed": True}
        case _:
            return {"into": uscc(base + what)}


async def _present(registry: Registry, base: int) -> tuple[bytes, list[dict[str, Any]]]:
    """What the API shows of the three records now, as bytes; and their pasts."""
    records = [await registry.read(uscc(base + number)) for number in range(RECORDS)]
    system = registry.system
    applications = await system.ok("intake", "GET", "/v1/applications", registry.keeper, params={"limit": 500})
    mine = [one for one in applications["items"] if one["uscc"] in {record["uscc"] for record in records}]
    shown = [{name: record[name] for name in _PRESENT} for record in records]
    incidents = await system.ok("intake", "GET", "/v1/incidents", registry.keeper, params={"limit": 500})
    alleged = [one for one in incidents["items"] if one["uscc"] in {record["uscc"] for record in records}]
    return json.dumps([shown, mine, alleged, await registry.listed(limit=500)]).encode(), records


@given(acts=st.lists(_ACT, min_size=1, max_size=6))
@settings(max_examples=drawn(8, 100), suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_changes_undone_in_reverse_leave_no_trace_but_history(
    system: System, acts: list[tuple[int, str, Any]]
) -> None:
    registry, base = Registry(system), next(_numbers)
    # The first and the second applied to one cycle, and cannot be merged; the third can be with either.
    for number, cycle in enumerate(("a", "a", "b")):
        if base == 10_000 and number != 1:
            await system.open_cycle(cycle)
        await system.submit(form(base + number), cycle)
        incident = {"uscc": uscc(base + number), "kind": "tax_evasion", "occurred_on": f"2024-07-0{number // 2 + 1}"}
        await system.ok("intake", "POST", "/v1/incidents", registry.keeper, json=incident | ALLEGED)
    first, before = await _present(registry, base)
    made: list[dict[str, Any]] = []
    for who, act, what in acts:
        # Whichever code the record has now; a merged one is changed where it went.
        code = (await registry.read(uscc(base + who)))["uscc"]
        answer = await registry.try_(code, act, **_body(base, act, what))
        assert answer.status_code in {201, 409}, (answer.text, GROUNDS)
        if answer.status_code == 201:
            made.append(answer.json())
    for change in reversed(made):
        await registry.undone(change)
    last, after = await _present(registry, base)
    assert last == first
    for old, new in zip(before, after, strict=True):
        # The version that was open is closed, and nothing that was closed has changed.
        kept = [one | {"until": None} for one in old["history"]]
        assert [one | {"until": None} for one in new["history"]][: len(kept)] == kept
        assert [one["until"] for one in new["history"]][:-1] == [one["since"] for one in new["history"]][1:] or any(
            change["kind"] == "merge" for change in made
        )
    shown = {one["id"]: one for record in after for one in record["changes"]}
    assert {one["id"] for one in made} == set(shown)
    assert all(one["undone_at"] and one["undo_reason"] for one in shown.values())
