"""Refusals about public notices, objections and appeals."""

from shared.errors import CONSTRAINT_ERRORS, ErrorKind

NOTICE_REQUIRED = ErrorKind(
    "notice_required", 409, "The plan has to be under public notice before it is committed", "方案须先公示，方可入库"
)
NOTICE_RUNNING = ErrorKind("notice_running", 409, "The public notice has not ended yet", "公示期尚未届满")
NOTICE_REPLACED = ErrorKind(
    "notice_replaced", 409, "A later notice of the cycle has taken its place", "该批次已另行公示，本公示不再有效"
)
NOTICE_HAS_A_LENGTH = ErrorKind(
    "notice_has_a_length",
    409,
    "A notice with a length of its own runs to its last day",
    "设有期限的公示须至最后一日届满，不能提前结束",
)
WINDOW_CLOSED = ErrorKind(
    "objection_window_closed", 409, "Objections are taken during the public notice only", "不在公示期内，不再受理异议"
)
NOT_ON_NOTICE = ErrorKind("not_on_notice", 422, "No such enterprise on this notice", "公示名单中没有该企业")
EVIDENCE_NOT_FOUND = ErrorKind(
    "evidence_not_found",
    422,
    "An attachment is not there, or not one of this enterprise",
    "所列附件不存在，或不属于该企业",
)
DECIDED_ALREADY = ErrorKind("decided_already", 409, "This has been decided already", "已作出处理决定")
DECIDED_BY_ANOTHER = ErrorKind(
    "decided_by_another",
    403,
    "Whoever recorded, judged, proposed or approved this does not decide on it",
    "登记、评审、提出或批准该事项的人员不得作出处理决定",
)
APPEAL_WINDOW_CLOSED = ErrorKind(
    "appeal_window_closed", 409, "Appeals are taken for a time after the public notice only", "不在复核申请期内"
)
APPEAL_OPEN = ErrorKind("appeal_open", 409, "An appeal of this application is open", "该申报已有复核申请在处理中")
NOT_LEFT_OUT = ErrorKind(
    "not_left_out",
    409,
    "The enterprise is on the notice and has nothing to appeal against",
    "企业已在公示名单中，无需复核",
)
NOT_ANNOUNCED = ErrorKind(
    "not_announced", 409, "The cycle's result has not been announced yet", "本批次结果尚未公示，暂不能查看评判结果"
)
ENTRY_HELD = ErrorKind("entry_held", 409, "An objection holds or has struck this entry", "该企业因异议被暂缓或取消入库")
CONSTRAINT_ERRORS["ck_objection_within_window"] = WINDOW_CLOSED
CONSTRAINT_ERRORS["ck_objection_decided_once"] = DECIDED_ALREADY
CONSTRAINT_ERRORS["ck_objection_decided_by_another"] = DECIDED_BY_ANOTHER
CONSTRAINT_ERRORS["ck_objection_second_person"] = DECIDED_BY_ANOTHER
CONSTRAINT_ERRORS["ck_appeal_decided_once"] = DECIDED_ALREADY
CONSTRAINT_ERRORS["ck_appeal_decided_by_another"] = DECIDED_BY_ANOTHER
CONSTRAINT_ERRORS["ck_appeal_second_person"] = DECIDED_BY_ANOTHER
CONSTRAINT_ERRORS["uq_appeal_open"] = APPEAL_OPEN
CONSTRAINT_ERRORS["ck_selection_plan_notice_over"] = NOTICE_RUNNING
CONSTRAINT_ERRORS["ck_membership_not_objected"] = ENTRY_HELD
