"""Refusals about credit outcomes."""

from shared.errors import CONSTRAINT_ERRORS, ErrorKind

NOT_ON_LIST = ErrorKind(
    "not_on_list",
    422,
    "The list in force on that day does not have this enterprise",
    "当日有效的名单没有该企业，不能反馈",
)
REFERENCE_USED = ErrorKind(
    "outcome_reference_used",
    409,
    "Another outcome is on record under this reference; correct it",
    "该业务编号已有内容不同的反馈，请更正原反馈",
)
REFERENCE_TWICE = ErrorKind(
    "outcome_reference_twice", 422, "The batch gives this reference twice", "同一批反馈中业务编号重复"
)
OUTCOME_IN_FUTURE = ErrorKind("outcome_in_future", 422, "It has not been decided yet", "决定或登记日期晚于今天")
DRAWN_ABOVE_LINE = ErrorKind("drawn_above_line", 422, "More is drawn than the approved line", "已放款金额高于授信额度")
DUE_TOO_EARLY = ErrorKind("due_too_early", 422, "The debt ends before it begins", "债务履行期限早于决定日期")
REASON_UNKNOWN = ErrorKind("refusal_code_unknown", 422, "There is no such coded reason", "没有这一拒贷原因代码")
PLEDGE_REFUSED = ErrorKind(
    "pledge_refused", 422, "A patent cannot be pledged so", "有专利不符合质押条件（专利权质押登记办法）"
)
PLEDGED_ALREADY = ErrorKind("already_pledged", 409, "The patent is pledged already", "该专利已经质押且仍在质押期")
CORRECTED_ALREADY = ErrorKind(
    "outcome_corrected_already",
    409,
    "It is corrected already; correct the correction",
    "该反馈已被更正，请更正最新的一条",
)
OUTCOME_WITHDRAWN = ErrorKind("outcome_withdrawn", 409, "It is withdrawn; report it anew", "该反馈已撤销，请重新反馈")
NOT_PLEDGED = ErrorKind(
    "nothing_pledged", 409, "No patent is pledged for it, or all are released", "该笔授信没有在押专利"
)
RELEASED_TOO_EARLY = ErrorKind(
    "released_too_early", 422, "Released before it was registered, or after today", "解除日期早于登记日期，或晚于今天"
)
CONSTRAINT_ERRORS["uq_credit_outcome_reference"] = REFERENCE_USED
CONSTRAINT_ERRORS["uq_credit_outcome_corrects"] = CORRECTED_ALREADY
CONSTRAINT_ERRORS["ex_pledge_no_double"] = PLEDGED_ALREADY
CONSTRAINT_ERRORS["ck_credit_outcome_drawn_within_line"] = DRAWN_ABOVE_LINE
CONSTRAINT_ERRORS["ck_credit_outcome_not_in_future"] = OUTCOME_IN_FUTURE
