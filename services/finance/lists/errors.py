"""Refusals about lists."""

from shared.errors import CONSTRAINT_ERRORS, ErrorKind

NO_EDITION = ErrorKind("no_edition", 404, "No edition has been published", "尚未发布任何一期名单")
EDITION_NOT_FOUND = ErrorKind("edition_not_found", 404, "This list has no edition with that serial", "该名单没有这一期")
PROGRAMME_NOT_FOUND = ErrorKind(
    "list_not_found", 404, "No such list, or you are not subscribed to it", "没有该名单，或您未获授权"
)
CLIENT_NOT_A_BANK = ErrorKind(
    "client_not_a_bank",
    422,
    "No client of this list's audience has this id",
    "没有该标识的客户端，或不属该名单的推送对象",
)
SERIAL_NEVER_EXISTED = ErrorKind(
    "serial_never_existed",
    404,
    "This list never had an edition with that serial",
    "该名单从未有过这一期，请重新拉取全量",
)
SERIALS_REVERSED = ErrorKind("serials_reversed", 422, "`to` is older than `since`", "止期早于起期")
RANGE_NOT_SATISFIABLE = ErrorKind(
    "range_not_satisfiable", 416, "The range lies beyond the end of the file", "所请求的字节范围超出文件长度"
)
DATE_IN_FUTURE = ErrorKind("date_in_future", 422, "Nothing can be said of a day to come", "不能查询今天以后的日期")
DATE_MISSING = ErrorKind(
    "date_missing", 422, "Give the date of the report, of the loan, or both", "请给出报告日期或贷款日期，或两者"
)
NOT_PULLED = ErrorKind(
    "edition_not_pulled", 409, "You have never pulled this edition", "您从未拉取过这一期，不能确认收到"
)
DIGEST_DIFFERS = ErrorKind(
    "digest_differs", 409, "The digest is not that of this edition", "摘要与这一期不符，请重新拉取并核对"
)
ENTRY_NOT_LISTED = ErrorKind("entry_not_listed", 422, "This edition lists no such enterprise", "这一期名单没有该企业")
ACK_COUNTS = ErrorKind(
    "ack_counts", 422, "More entries imported and failed than the edition has", "导入与出错的条数之和多于这一期的条数"
)
NOT_LISTED_NOW = ErrorKind(
    "not_listed_now", 409, "The newest edition does not list this enterprise", "最新一期名单没有该企业，无从移出"
)
STILL_A_MEMBER = ErrorKind(
    "still_a_member", 409, "The enterprise is a member still; nothing removes it", "该企业仍在库，名单不会移出"
)
DECIDED_ALREADY = ErrorKind(
    "removal_decided_already", 409, "A decision behind this removal is on record", "该次移出的决定已经登记"
)
DECIDED_IN_FUTURE = ErrorKind("decision_in_future", 422, "It has not been decided yet", "决定日期晚于今天")
LIST_BY_PROPOSAL = ErrorKind(
    "list_by_proposal",
    409,
    "This list is published by a judgement and its approval",
    "该名单须经评判、批准后发布，不能直接发布",
)
CONSTRAINT_ERRORS["uq_removal_decision_membership_id"] = DECIDED_ALREADY
CONSTRAINT_ERRORS["ck_removal_decision_not_in_future"] = DECIDED_IN_FUTURE
