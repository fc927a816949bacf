"""The entries of an adjustment plan: what it does with each enterprise, and why, in Chinese."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from datetime import date
from typing import Any

from services.evaluation.adjustment.computation import Adjustment, MemberLine
from services.evaluation.adjustment.explanation import explain
from services.evaluation.adjustment.replacements import Replacement
from services.evaluation.adjustment.rules import Rules
from shared.canonical import sha256_hex

ACTIONS_ZH = {
    "graduate": "出库，转入接续培育",
    "exit": "退库",
    "give_notice": "拟退库，先告知企业并听取陈述申辩",
    "await_decision": "已告知拟退库，等待陈述申辩期满及决定",
    "kept": "经陈述申辩，决定继续在库",
    "held": "符合条件，但已作出暂缓决定",
    "unknown": "数据不足，继续在库，由人工核实",
    "stay": "继续培育",
    "admit": "使用本市州增补名额入库",
    "no_credit": "本市州没有可用的增补名额",
    "not_spent": "本市州本次不再使用增补名额",
    "pool_cap": "培育库已满",
    "held_out": "已作出暂缓增补决定",
    "objected": "公示异议未处理或已成立",
    "incident": "存在已核实、未改正的问题",
}
_SAYS_LITTLE = ("stay", "unknown")


def entry_rows(plan_id: uuid.UUID, adjustment: Adjustment) -> list[dict[str, Any]]:
    """Rows of `adjustment_plan_entry`: members by code, then candidates by rank."""
    asked = adjustment.asked
    members = [_member_row(asked.rules, one, asked.on) for one in adjustment.members]
    candidates = [_candidate_row(one) for one in adjustment.candidates]
    return [
        {"plan_id": plan_id, "position": position, **row} for position, row in enumerate([*members, *candidates], 1)
    ]


def _member_row(rules: Rules, line: MemberLine, on: date) -> dict[str, Any]:
    # Of whoever stays the receipt tells as much, and is explained when it is read.
    told = [] if line.action.action in _SAYS_LITTLE else reasons_of(rules, line, on)[0]
    leaves = line.action.action == "exit"
    return {
        "uscc": line.member.uscc,
        "membership_id": line.member.membership_id,
        "assessment_id": None,
        "city_code": line.member.city_code,
        "outcome": line.outcome["outcome"],
        "action": line.action.action,
        "reason_code": line.outcome["exit_reason"] if leaves else line.outcome["reason_code"],
        "reasons": told,
        "receipt": line.receipt,
        "receipt_digest": sha256_hex(line.receipt),
        "hold_id": None if line.action.hold is None else line.action.hold.id,
        "notice_id": None if line.action.notice is None else line.action.notice.id,
    }


def reasons_of(rules: Rules, line: MemberLine, on: date) -> tuple[list[dict[str, Any]], list[str]]:
    """Each reason with clause and figures, and what is missing for graduation."""
    told = explain(rules, line.member.row, on)
    return [asdict(one) for one in told.reasons], list(told.missing_for_graduation)


def _candidate_row(one: Replacement) -> dict[str, Any]:
    candidate = one.candidate
    return {
        "uscc": candidate.uscc,
        "membership_id": None,
        "assessment_id": uuid.UUID(candidate.assessment_id),
        "city_code": candidate.city_code,
        "outcome": candidate.overall,
        "action": one.action,
        "reason_code": one.action,
        "reasons": [],
        "receipt": None,
        "receipt_digest": candidate.receipt_digest,
        "hold_id": None if one.hold is None else one.hold.id,
        "notice_id": None,
    }
