"""Refusals about reporting periods, progress reports and major problems."""

from shared.errors import CONSTRAINT_ERRORS, ErrorKind

PERIOD_EXISTS = ErrorKind("period_exists", 409, "A reporting period with this code exists", "该报告期代码已存在")
PERIOD_NOT_FOUND = ErrorKind("period_not_found", 404, "No such reporting period", "没有该报告期")
OUTSIDE_REPORTING_WINDOW = ErrorKind(
    "outside_reporting_window", 409, "The period does not take reports now", "当前不在该报告期的填报时间内"
)
NOT_A_MEMBER = ErrorKind(
    "not_a_member",
    403,
    "Only members of the pool during the period report on it",
    "报告期内不在培育库的企业无需填报",
)
REPORT_EXISTS = ErrorKind(
    "report_exists", 409, "This enterprise has a report on this period", "该企业在本报告期已有报告"
)
REPORT_STATUS = ErrorKind("report_status", 409, "The report's status does not allow this", "报告当前状态不允许此操作")
OUTSIDE_PERIOD = ErrorKind("outside_period", 422, "The date lies outside the period", "日期不在本报告期内")
IF_MATCH_MISSING = ErrorKind(
    "if_match_missing", 428, "Send the ETag that you read as If-Match", "缺少 If-Match 请求头（填所读版本的 ETag）"
)
VERSION_STALE = ErrorKind(
    "version_stale", 412, "Somebody changed it since you read it; read it again", "内容已被他人修改，请重新读取后再保存"
)
MAJOR_PROBLEM_STATUS = ErrorKind(
    "major_problem_status", 409, "The problem's status does not allow this", "该问题当前状态不允许此操作"
)
CONSTRAINT_ERRORS.update(
    {
        "uq_reporting_period_code": PERIOD_EXISTS,
        "uq_progress_report_one_per_period": REPORT_EXISTS,
        "uq_progress_report_snapshot_report_id_revision": REPORT_STATUS,
        "progress_report_transitions": REPORT_STATUS,
        "major_problem_transitions": MAJOR_PROBLEM_STATUS,
    }
)
