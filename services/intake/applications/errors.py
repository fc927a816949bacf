"""Refusals about applications."""

from shared.errors import CONSTRAINT_ERRORS, ErrorKind

APPLICATION_EXISTS = ErrorKind(
    "application_exists", 409, "This enterprise has already applied to this cycle", "该企业在本批次已有申报"
)
NOT_OWN_ENTERPRISE = ErrorKind(
    "not_own_enterprise", 403, "An enterprise applies for itself only", "企业只能为本企业申报"
)
OUTSIDE_CITY = ErrorKind(
    "outside_city", 422, "The enterprise is registered in another city", "该企业的登记地不在本市州"
)
REGISTERED_ELSEWHERE = ErrorKind(
    "registered_elsewhere",
    409,
    "This enterprise is on record in another city",
    "该企业已登记在其他市州名下，请先办理迁移",
)
WRONG_STATUS = ErrorKind(
    "application_status", 409, "The application's status does not allow this", "申报当前状态不允许此操作"
)
REASON_REQUIRED = ErrorKind("reason_required", 422, "Say why", "请说明理由")
SECTION_NOT_REOPENED = ErrorKind(
    "section_not_reopened",
    422,
    "Only the sections that were returned may be corrected",
    "只能修改被退回的部分，其他部分不得改动",
)
CORRECTION_OVERDUE = ErrorKind("correction_overdue", 409, "The time to correct is over", "补正期限已过")
ALREADY_SELECTED = ErrorKind(
    "already_selected",
    409,
    "The cycle's selection is decided and the application is part of it",
    "该申报已进入本批次入库名单的评定结果",
)
DRAFT_NOT_FOUND = ErrorKind("draft_not_found", 404, "There is no draft of this application", "该申报没有草稿")
DRAFT_CHANGED = ErrorKind(
    "draft_changed", 412, "Somebody has saved the draft since you read it", "草稿已被他人修改，请重新读取后再保存"
)
IF_MATCH_MISSING = ErrorKind(
    "if_match_missing", 428, "Name the version that you read in If-Match", "缺少 If-Match 请求头（所读取的版本）"
)
DRAFT_ENTERPRISE_FIXED = ErrorKind(
    "draft_enterprise_fixed",
    422,
    "A draft stays with its enterprise",
    "草稿不能改为其他企业的申报",
)
CONSTRAINT_ERRORS["uq_application_one_per_cycle"] = APPLICATION_EXISTS
CONSTRAINT_ERRORS["ck_application_transition"] = WRONG_STATUS
CONSTRAINT_ERRORS["ck_application_decline_has_reason"] = REASON_REQUIRED
CONSTRAINT_ERRORS["pk_application_draft"] = DRAFT_CHANGED
EVALUATION_UNAVAILABLE = ErrorKind(
    "evaluation_unavailable",
    503,
    "The evaluation service cannot be reached; the violations listed are what intake found itself",
    "评判服务暂时无法访问；所列问题为申报服务自查结果",
)
