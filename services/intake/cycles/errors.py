"""Refusals about cycles."""

from shared.errors import CONSTRAINT_ERRORS, ErrorKind

CYCLE_EXISTS = ErrorKind("cycle_exists", 409, "A cycle with this code exists", "该批次代码已存在")
CYCLE_NOT_FOUND = ErrorKind("cycle_not_found", 404, "No such cycle", "没有该申报批次")
RULEBOOK_UNKNOWN = ErrorKind(
    "rulebook_unknown", 422, "No rulebook has this id and digest", "没有该标识与摘要对应的评判规则"
)
RULEBOOK_NOT_IN_FORCE = ErrorKind(
    "rulebook_not_in_force", 422, "The rulebook is not in force on the assessment date", "评估日不在评判规则的施行期内"
)
OUTSIDE_WINDOW = ErrorKind(
    "outside_application_window", 409, "The cycle does not take applications now", "当前不在该批次的申报时间内"
)
CONDITION_UNKNOWN = ErrorKind(
    "reserve_condition_unknown",
    422,
    "The rulebook has no condition of this name to reserve places for",
    "评判规则中没有该预留名额条件",
)
PROMISES_EXCEED_CAP = ErrorKind(
    "quotas_exceed_cap",
    422,
    "Minimums and reserved places add up to more than the pool's cap",
    "最低名额与预留名额合计超出培育库数量上限",
)
CONSTRAINT_ERRORS["uq_cycle_code"] = CYCLE_EXISTS
