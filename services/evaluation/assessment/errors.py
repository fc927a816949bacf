"""Refusals about assessments, and about who may see them."""

from shared.errors import ErrorKind

CYCLE_NOT_FOUND = ErrorKind("cycle_not_found", 404, "No such cycle", "没有该申报批次")
NOT_OWN_ENTERPRISE = ErrorKind(
    "not_own_enterprise", 403, "An enterprise previews its own application only", "企业只能预评本企业的申报"
)
DECLARATION_MISSING = ErrorKind(
    "declaration_missing",
    403,
    "Declare first whether you have a conflict of interest",
    "查阅内容前，请先声明有无利益冲突",
)
CONFLICT_OF_INTEREST = ErrorKind(
    "conflict_of_interest", 403, "You have declared a conflict of interest", "您已声明利益冲突，须回避"
)
OWN_CITY = ErrorKind(
    "own_city",
    403,
    "Nobody reviews an application of the home city, or one recommended oneself",
    "不得评审本市州或本人推荐的申报",
)
NOT_A_REVIEWER = ErrorKind("not_a_reviewer", 403, "Not registered as an active reviewer", "未登记为在任评审人员")
# What `reviewer_bar` in the database says: the refusal.
BARS = {kind.code: kind for kind in (DECLARATION_MISSING, CONFLICT_OF_INTEREST, OWN_CITY, NOT_A_REVIEWER)}
