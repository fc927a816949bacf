"""Refusals about selection plans."""

from services.evaluation.review.errors import SECOND_PERSON
from shared.errors import CONSTRAINT_ERRORS, ErrorKind

PLAN_STALE = ErrorKind(
    "plan_stale",
    409,
    "An input has changed since the plan was frozen; compute a new one",
    "入选方案冻结后数据已变化，请重新生成",
)
PLAN_EXPIRED = ErrorKind(
    "plan_expired", 409, "The plan was frozen too long ago; compute a new one", "入选方案已超过有效期，请重新生成"
)
QUOTAS_EXCEED_CAP = ErrorKind(
    "quotas_exceed_cap",
    409,
    "The cycle's minimums and reserved places add up to more than the pool's cap",
    "该批次的最低名额与预留名额合计超出培育库数量上限",
)
PLAN_STATUS = ErrorKind("plan_status", 409, "The plan's status does not allow this", "方案当前状态不允许此操作")
PLAN_EMPTY = ErrorKind("plan_empty", 409, "No application of the cycle is eligible", "该批次没有符合条件的申报")
POOL_NOT_FOUND = ErrorKind("pool_not_found", 404, "No such pool", "没有该培育库")
CYCLE_SELECTED = ErrorKind("cycle_already_selected", 409, "A plan of this cycle is committed", "该批次已完成入库")
POOL_FULL = ErrorKind("pool_full", 409, "The pool's cap would be exceeded", "超出培育库数量上限")
QUOTA_EXCEEDED = ErrorKind("city_quota_exceeded", 409, "A city's quota would be exceeded", "超出市州名额")
ALREADY_MEMBER = ErrorKind("already_member", 409, "An enterprise is a member already", "企业已在库")
CONSTRAINT_ERRORS["ck_selection_plan_second_person"] = SECOND_PERSON
CONSTRAINT_ERRORS["uq_selection_plan_committed_per_cycle"] = CYCLE_SELECTED
CONSTRAINT_ERRORS["ck_selection_plan_committed_while_valid"] = PLAN_EXPIRED
CONSTRAINT_ERRORS["ck_pool_within_cap"] = POOL_FULL
CONSTRAINT_ERRORS["ck_admission_quota_within_quota"] = QUOTA_EXCEEDED
CONSTRAINT_ERRORS["ex_membership_no_overlap"] = ALREADY_MEMBER
