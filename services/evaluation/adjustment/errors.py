"""Refusals about adjustments, holds, exit notices and credits."""

from services.evaluation.review.errors import SECOND_PERSON
from services.evaluation.selection.errors import ALREADY_MEMBER, PLAN_EXPIRED, PLAN_STALE, POOL_FULL
from shared.errors import CONSTRAINT_ERRORS, ErrorKind

ADJUSTMENT_EMPTY = ErrorKind(
    "adjustment_empty", 409, "The pool has no member and nobody is to come in", "培育库没有在库企业，也没有拟增补企业"
)
DAY_PAST = ErrorKind(
    "day_past", 422, "A plan is made for today; ask what-if for days gone by", "方案只能按今天生成；过去的日期请用试算"
)
DAY_TO_COME = ErrorKind("day_to_come", 422, "Nothing is known of a day to come", "日期晚于今天，数据尚不存在")
ADJUSTMENT_STATUS = ErrorKind(
    "adjustment_status", 409, "The adjustment's status does not allow this", "调整方案当前状态不允许此操作"
)
CYCLE_NOT_SELECTED = ErrorKind(
    "cycle_not_selected",
    409,
    "The cycle's own selection is not committed: credits do not go around it",
    "该批次尚未完成入库，增补名额只用于入库后落选的企业",
)
CREDITS_LACKING = ErrorKind(
    "credits_lacking", 409, "The city has fewer credits than are to be spent", "拟使用的增补名额超过该市州现有名额"
)
RULES_NUMBER = ErrorKind(
    "rules_number", 422, "The rules have no such number, or not so", "规则中没有这一参数，或取值不合规"
)
NO_RULES = ErrorKind("no_rules", 409, "No rules of adjustment apply on that day", "该日没有适用的动态调整规则")
NOT_A_MEMBER = ErrorKind("not_a_member", 409, "The enterprise is no member of the pool", "企业不在库")
HOLD_EXISTS = ErrorKind("hold_exists", 409, "It is held already", "该企业已有同类暂缓")
HOLD_LIFTED = ErrorKind("hold_lifted", 409, "The hold was lifted before", "该暂缓已经解除")
HELD = ErrorKind("member_held", 409, "A hold stands against it", "该企业处于暂缓状态")
REPLY_OVER = ErrorKind("reply_window_closed", 409, "The time to reply is over", "陈述申辩期限已过")
REPLIED_ALREADY = ErrorKind("replied_already", 409, "A reply has been given", "已提交陈述申辩")
NOTICE_DECIDED = ErrorKind("notice_decided", 409, "The notice has been decided on", "该告知已作出决定")
REPLY_RUNNING = ErrorKind(
    "reply_window_open", 409, "The time to reply is not over yet", "陈述申辩期限未满，不能决定退库"
)
TRACK_UNKNOWN = ErrorKind("track_unknown", 422, "The rules have no such track", "规则中没有这一接续培育方向")
TRACK_ASSIGNED = ErrorKind("track_assigned", 409, "A track has been assigned", "已确定接续培育方向")
CONSTRAINT_ERRORS["ck_adjustment_plan_second_person"] = SECOND_PERSON
CONSTRAINT_ERRORS["ck_adjustment_plan_committed_while_valid"] = PLAN_EXPIRED
CONSTRAINT_ERRORS["ck_exit_notice_second_person"] = SECOND_PERSON
CONSTRAINT_ERRORS["ck_exit_notice_replied_in_time"] = REPLY_OVER
CONSTRAINT_ERRORS["ck_exit_notice_replied_once"] = REPLIED_ALREADY
CONSTRAINT_ERRORS["ck_exit_notice_decided_once"] = NOTICE_DECIDED
CONSTRAINT_ERRORS["ck_exit_notice_ends_after_window"] = REPLY_RUNNING
CONSTRAINT_ERRORS["uq_pool_hold_open"] = HOLD_EXISTS
CONSTRAINT_ERRORS["ck_membership_not_held"] = HELD
CONSTRAINT_ERRORS["ck_replacement_credit_not_overdrawn"] = CREDITS_LACKING

__all__ = [
    "ADJUSTMENT_EMPTY",
    "ADJUSTMENT_STATUS",
    "ALREADY_MEMBER",
    "CREDITS_LACKING",
    "CYCLE_NOT_SELECTED",
    "DAY_PAST",
    "DAY_TO_COME",
    "HELD",
    "HOLD_EXISTS",
    "HOLD_LIFTED",
    "NOTICE_DECIDED",
    "NOT_A_MEMBER",
    "NO_RULES",
    "PLAN_EXPIRED",
    "PLAN_STALE",
    "POOL_FULL",
    "REPLIED_ALREADY",
    "REPLY_OVER",
    "REPLY_RUNNING",
    "RULES_NUMBER",
    "SECOND_PERSON",
    "TRACK_ASSIGNED",
    "TRACK_UNKNOWN",
]
