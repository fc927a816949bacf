"""From an outcome to what a plan does with a member: people's holds, notices and decisions on them come between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeAlias

from services.evaluation.adjustment.rules import Rules
from services.evaluation.adjustment.standing import Member
from shared.models.evaluation import ExitNotice, PoolHold

MemberAction: TypeAlias = Literal[
    "graduate", "exit", "give_notice", "await_decision", "kept", "held", "unknown", "stay"
]


@dataclass(frozen=True, slots=True)
class Action:
    """What is done, and by which hold or notice; `ground` is that of an end which needs a notice first."""

    action: MemberAction
    hold: PoolHold | None = None
    notice: ExitNotice | None = None
    ground: str | None = None


_PLAIN: Mapping[str, MemberAction] = {"graduate": "graduate", "exit": "exit", "stay": "stay"}
_HELD_BY = {"hold_graduation": "graduation", "hold_exit": "exit"}


def action_for(rules: Rules, member: Member, outcome: Mapping[str, Any]) -> Action:
    """`outcome` is the member's row of `outcomes`. After notice: given, then awaited, then as somebody else decided."""
    found: str = outcome["outcome"]
    if found in _HELD_BY:
        return Action("held", hold=member.holds[_HELD_BY[found]])
    if found == "exit_after_notice":
        return _after_notice(member, ground_of(rules, member, outcome["exit_reason"]))
    return Action(_PLAIN.get(found, "unknown"))


def _after_notice(member: Member, ground: str) -> Action:
    same = next((one for one in member.notices if one.ground == ground), None)
    if same is None:
        # One notice at a time: what came since waits for the decision on the one that is open.
        still_open = next((one for one in member.notices if one.decision is None), None)
        return Action("await_decision", notice=still_open) if still_open else Action("give_notice", ground=ground)
    decided = {None: "await_decision", "end": "exit", "keep": "kept"}
    action: MemberAction = decided[same.decision]  # pyright: ignore[reportAssignmentType] (words of MemberAction)
    return Action(action, notice=same, ground=ground)


def ground_of(rules: Rules, member: Member, reason_code: str) -> str:
    """Exactly why: another incident, or another term, is another ground, and needs a notice of its own."""
    if reason_code == "no_progress":
        admitted_on: date = member.row["admitted_on"]
        since = admitted_on
        if rules.exit.stall_from == "last_progress":
            since = max(admitted_on, member.row["progress_on"] or admitted_on)
        return f"no_progress:{since.isoformat()}"
    ids = sorted(str(one.incident_id) for one in member.incidents if one.kind == reason_code)
    return f"{reason_code}:{','.join(ids)}"
