"""Refusals about the annual performance."""

from shared.errors import CONSTRAINT_ERRORS, ErrorKind

IN_FUTURE = ErrorKind("performance_year_in_future", 422, "The year has not begun", "该年度尚未开始")
BEFORE_LEDGERS = ErrorKind(
    "performance_year_before_ledgers", 422, "There are no ledgers of that year", "该年度早于方案印发，没有台账可供计算"
)
NOT_OVER = ErrorKind("performance_year_not_over", 409, "The year is not over yet", "该年度尚未结束，不能定稿")
NOT_FROZEN = ErrorKind("performance_not_frozen", 409, "The year is not frozen yet", "该年度绩效尚未定稿")
FROZEN = ErrorKind(
    "performance_frozen", 409, "The year is frozen: it takes no more figures", "该年度绩效已定稿，不再接收自报"
)
FROZEN_ALREADY = ErrorKind(
    "performance_frozen_already",
    409,
    "The year is frozen already; what is frozen stays",
    "该年度绩效已定稿，不能重新定稿",
)
INDICATOR_UNKNOWN = ErrorKind("performance_indicator_unknown", 422, "No such indicator", "没有这一指标")
INDICATOR_TWICE = ErrorKind("performance_indicator_twice", 422, "An indicator is given twice", "同一指标重复填报")
NOT_WHOLE = ErrorKind("performance_not_whole", 422, "This indicator counts whole things", "该指标须填整数")
REASON_MISSING = ErrorKind(
    "performance_reason_missing",
    409,
    "Figures are reported already; a correction needs a reason",
    "已经自报，更正须写明理由",
)
NOTHING_TO_CORRECT = ErrorKind(
    "performance_nothing_to_correct", 409, "Nothing is reported yet that could be corrected", "尚未自报，无可更正"
)
CORRECTED_ALREADY = ErrorKind(
    "performance_corrected_already",
    409,
    "Somebody else has reported or corrected it meanwhile; read it and try again",
    "他人已先行自报或更正，请查看后再报",
)
CONSTRAINT_ERRORS["uq_performance_report_first"] = CORRECTED_ALREADY
CONSTRAINT_ERRORS["uq_performance_report_supersedes"] = CORRECTED_ALREADY
CONSTRAINT_ERRORS["performance_report_after_freeze"] = FROZEN
CONSTRAINT_ERRORS["uq_performance_freeze_year"] = FROZEN_ALREADY
CONSTRAINT_ERRORS["ck_performance_freeze_year_over"] = NOT_OVER
