"""Refusals about enterprises on record."""

from shared.errors import CONSTRAINT_ERRORS, ErrorKind

USCC_SUPERSEDED = ErrorKind(
    "uscc_superseded",
    409,
    "This code has been superseded; use the present code",
    "该代码已变更或已合并，请使用现行统一社会信用代码",
)
CODE_IN_USE = ErrorKind(
    "code_in_use", 409, "This code is on record for another enterprise", "该代码已登记在其他企业名下"
)
CODE_MISMATCH = ErrorKind(
    "organisation_part_differs",
    422,
    "Characters 9 to 17 of the new code are not the old organisation code; confirm it if it is so",
    "新代码第 9—17 位与原组织机构代码不一致，确认无误的请注明",
)
NOTHING_CHANGES = ErrorKind("nothing_changes", 409, "The record says so already", "与现有登记一致，无需变更")
NOT_ON_RECORD_THEN = ErrorKind(
    "not_on_record_then", 404, "The enterprise was not on record at that moment", "该时点尚无该企业的登记"
)
INTO_UNKNOWN = ErrorKind("into_unknown", 422, "No enterprise on record has this code", "没有以该代码登记的企业")
MERGE_CONFLICT = ErrorKind(
    "merge_conflict",
    409,
    "Both enterprises have what one enterprise may have once",
    "两家企业均有不能并存于一家的申报或记录，不能合并",
)
MERGE_BOTH_MEMBERS = ErrorKind(
    "merge_both_members",
    409,
    "Both enterprises were members of the same pool at the same time",
    "两家企业曾同时在同一培育库内，不能合并",
)
NOT_UNDOABLE = ErrorKind("change_not_undoable", 409, "This change cannot be undone", "该变更不能撤销")

for _constraint in ("pk_enterprise_code", "uq_enterprise_uscc", "uq_enterprise_code_one_current"):
    CONSTRAINT_ERRORS[_constraint] = CODE_IN_USE
CONSTRAINT_ERRORS["owner_living"] = USCC_SUPERSEDED
