"""Refusals about copies of the patent register."""

from shared.errors import CONSTRAINT_ERRORS, ErrorKind

EXTRACT_IN_FUTURE = ErrorKind("extract_in_future", 422, "The copy is of a day to come", "登记簿副本日期晚于今天")
EXTRACT_OUT_OF_ORDER = ErrorKind(
    "extract_out_of_order",
    422,
    "Filed, granted, and as of: in this order; only what is pending has no day of grant",
    "申请日、授权公告日、副本日期的先后不符，或已授权的专利未填授权公告日",
)
EXTRACT_RECORDED = ErrorKind(
    "extract_recorded_already", 409, "This copy is on record with another content", "该副本已经登记，且内容不同"
)
CONSTRAINT_ERRORS["ck_patent_extract_not_in_future"] = EXTRACT_IN_FUTURE
CONSTRAINT_ERRORS["ck_patent_extract_in_order"] = EXTRACT_OUT_OF_ORDER
CONSTRAINT_ERRORS["uq_patent_extract_patent_no_as_of_document"] = EXTRACT_RECORDED
