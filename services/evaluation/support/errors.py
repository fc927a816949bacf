"""Refusals about support actions."""

from shared.errors import CONSTRAINT_ERRORS, ErrorKind

KIND_UNKNOWN = ErrorKind("support_kind_unknown", 422, "The province counts no such kind of support", "没有这一支持种类")
AMOUNT_MISSING = ErrorKind(
    "support_amount_missing", 422, "This kind of support needs an amount", "该种类的支持须填金额"
)
AMOUNT_NOT_MEANT = ErrorKind(
    "support_amount_not_meant", 422, "This kind of support has no amount", "该种类的支持没有金额"
)
IN_FUTURE = ErrorKind("support_in_future", 422, "It has not happened yet", "发生日期晚于今天")
CLAIMED_ALREADY = ErrorKind(
    "support_claimed_already",
    409,
    "The same support of this enterprise is on record already",
    "该企业的同一笔支持已经登记，不能重复登记",
)
CORRECTED_ALREADY = ErrorKind(
    "support_corrected_already",
    409,
    "It is corrected already; correct the correction",
    "该记录已被更正，请更正最新的一条",
)
WITHDRAWN_ALREADY = ErrorKind(
    "support_withdrawn_already", 409, "It is withdrawn; record the support anew", "该记录已撤销，请重新登记"
)
NOT_YOURS = ErrorKind(
    "support_not_yours", 403, "A city corrects what it recorded itself", "市州只能更正本市州登记的支持记录"
)
OF_A_REPORT = ErrorKind(
    "support_of_a_report",
    409,
    "It was taken from a progress report: have the report corrected",
    "该记录取自进展报告，请退回报告更正",
)
OF_A_BANK = ErrorKind(
    "support_of_a_bank",
    409,
    "It was taken from what a bank reported: have the bank correct it",
    "该记录取自银行反馈，请由银行更正",
)
OF_AN_EVENT = ErrorKind(
    "support_of_an_event",
    409,
    "It was taken from what came of an event: correct the outcome there",
    "该记录取自对接活动的结果，请在活动中更正",
)
PERIOD_UNKNOWN = ErrorKind("support_period_unknown", 422, "No such reporting period", "没有这一报告期")
PERIODS_REVERSED = ErrorKind(
    "support_periods_reversed",
    422,
    "The later period begins before the earlier one ends",
    "后一报告期须在前一报告期之后",
)
CONSTRAINT_ERRORS["support_action_claimed_once"] = CLAIMED_ALREADY
CONSTRAINT_ERRORS["uq_support_action_corrects"] = CORRECTED_ALREADY
CONSTRAINT_ERRORS["support_action_withdrawn_already"] = WITHDRAWN_ALREADY
CONSTRAINT_ERRORS["support_action_of_a_report"] = OF_A_REPORT
CONSTRAINT_ERRORS["ck_support_action_not_in_future"] = IN_FUTURE
