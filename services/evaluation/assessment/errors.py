"""Refusals about assessments."""

from shared.errors import ErrorKind

CYCLE_NOT_FOUND = ErrorKind("cycle_not_found", 404, "No such cycle", "没有该申报批次")
NOT_OWN_ENTERPRISE = ErrorKind(
    "not_own_enterprise", 403, "An enterprise previews its own application only", "企业只能预评本企业的申报"
)
