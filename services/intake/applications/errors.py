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
CONSTRAINT_ERRORS["uq_application_one_per_cycle"] = APPLICATION_EXISTS
EVALUATION_UNAVAILABLE = ErrorKind(
    "evaluation_unavailable",
    503,
    "The evaluation service cannot be reached; the violations listed are what intake found itself",
    "评判服务暂时无法访问；所列问题为申报服务自查结果",
)
