"""Why adjustment does what it does with one member: reasons in Chinese with their clauses and figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

from services.evaluation.adjustment.graduation_words import MemberRow, Tests, lacking, told
from services.evaluation.adjustment.members import members_frame
from services.evaluation.adjustment.outcomes import Outcome, outcomes
from services.evaluation.adjustment.rule_sections import TEST_TITLES
from services.evaluation.adjustment.rules import Rules
from services.evaluation.adjustment.terms import terms

_OUTCOMES: dict[Outcome, str] = {
    "stay": "继续培育",
    "graduate": "出库",
    "exit": "退库",
    "exit_after_notice": "告知并听取陈述后退库",
    "hold_graduation": "达到出库标准，暂缓出库",
    "hold_exit": "符合退库情形，暂缓退库",
    "unknown_graduation": "继续培育；是否达到出库标准无法判断",
    "unknown_exit": "继续培育；是否符合退库情形无法判断",
    "unknown": "继续培育；出库、退库均无法判断",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One test or incident: `holds` as judged (None unknown), `text` with the figures, `clause` of the plan."""

    code: str
    clause: str
    holds: bool | None
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """`outcome_text` and `reasons` are for people; `missing_for_graduation` is all that must still come, in Chinese."""

    outcome: Outcome
    outcome_text: str
    reason_code: str
    reasons: tuple[Reason, ...]
    missing_for_graduation: tuple[str, ...]


def explain(rules: Rules, member_row: MemberRow, on: date) -> Explanation:
    """One row of MEMBER_COLUMNS explained on a day, by the same computation as `outcomes`. Raises FactError."""
    frame = members_frame([member_row])
    member = frame.row(0, named=True)
    row = outcomes(rules, frame, on).row(0, named=True)
    outcome = cast("Outcome", row["outcome"])
    return Explanation(
        outcome=outcome,
        outcome_text=_OUTCOMES[outcome],
        reason_code=row["reason_code"],
        reasons=(*_exit_reasons(rules, member, row, on), *_graduation_reasons(rules, member, row)),
        missing_for_graduation=tuple(lacking(rules.graduation, member, row)),
    )


def _graduation_reasons(rules: Rules, member: MemberRow, row: Tests) -> Iterator[Reason]:
    graduation = rules.graduation
    for test, text in told(graduation, member, row).items():
        yield Reason(test, graduation.clause, row[test], f"{TEST_TITLES[test]}：{text}")
    yield Reason("grouping", graduation.clause, row["graduation"], f"出库标准取：{graduation.grouping.title}")
    if member["held_graduation"]:
        yield Reason("held_graduation", graduation.clause, None, "已作出暂缓出库决定")


def _exit_reasons(rules: Rules, member: MemberRow, row: dict[str, Any], on: date) -> Iterator[Reason]:
    clause = rules.exit.clause
    for incident in rules.exit.incidents:
        if incident.kind in member["incident_kinds"]:
            how = "立即退库" if incident.effect == "immediate" else _notice(rules)
            yield Reason(incident.kind, clause, holds=True, text=f"已核实且未改正：{incident.title}，{how}")
    yield Reason("no_progress", clause, row["no_progress"], _term_told(rules, member, row, on))
    if member["held_exit"]:
        yield Reason("held_exit", clause, None, "已作出暂缓退库决定")


def _notice(rules: Rules) -> str:
    return f"先告知企业，{rules.exit.reply_working_days} 个工作日内可陈述申辩"


def _term_told(rules: Rules, member: MemberRow, row: dict[str, Any], on: date) -> str:
    term = terms(rules, members_frame([member])).row(0, named=True)
    last, months = term["term_ends_on"], rules.exit.stall_months
    if term["excused"]:
        return f"入库后已取得实质性进展（最近 {member['progress_on']}），不再适用 {months} 个月期限"
    told = f"自 {term['since']} 起 {months} 个月，{last} 期满"
    if row["no_progress"] is None:
        return f"{told}；进展情况未报全，是否有实质性进展无法判断"
    if not row["no_progress"]:
        return f"{told}，尚余 {(last - on).days} 天"
    told = f"{told}，自 {last + timedelta(days=1)} 起逾期，期内未取得实质性进展"
    if row["reason_code"] != "no_progress":
        return told
    return f"{told}，{'立即退库' if rules.exit.stall_effect == 'immediate' else _notice(rules)}"
