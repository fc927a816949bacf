"""Refusals about consents."""

from shared.errors import CONSTRAINT_ERRORS, ErrorKind

PURPOSE_UNKNOWN = ErrorKind("purpose_unknown", 422, "The province asks for no such consent", "没有这一同意事项")
CONSENT_GIVEN = ErrorKind(
    "consent_given_already", 409, "Another consent to this is on file already", "该事项已有同意在案"
)
DOCUMENT_MISSING = ErrorKind(
    "consent_document_missing", 422, "Who records for an enterprise names the paper", "代企业登记的，须填书面同意的文件"
)
DOCUMENT_NOT_MEANT = ErrorKind(
    "consent_document_not_meant", 422, "An enterprise consents itself, without a paper", "企业自行同意的，不填文件"
)
GIVEN_IN_FUTURE = ErrorKind("consent_in_future", 422, "It has not been given yet", "同意日期晚于今天")
WITHDRAWN_ALREADY = ErrorKind("consent_withdrawn_already", 409, "It was withdrawn before", "该同意此前已撤回")
CONSTRAINT_ERRORS["uq_list_consent_live"] = CONSENT_GIVEN
CONSTRAINT_ERRORS["ck_list_consent_not_in_future"] = GIVEN_IN_FUTURE
CONSTRAINT_ERRORS["ck_list_consent_withdrawn_once"] = WITHDRAWN_ALREADY
