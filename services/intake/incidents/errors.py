"""Refusals about incidents and notices."""

from shared.errors import CONSTRAINT_ERRORS, ErrorKind

INCIDENT_EXISTS = ErrorKind(
    "incident_exists",
    409,
    "An open incident of this kind and day is on record",
    "该企业同一日期的同类情形已有记录且未了结",
)
NOT_IN_PROGRAMME = ErrorKind(
    "not_in_programme",
    409,
    "The enterprise is no member of the pool and has no application that was submitted and stands",
    "企业不在培育库，也没有已提交且未撤回的申报，不登记情形",
)
INCIDENT_STATUS = ErrorKind(
    "incident_status", 409, "The incident's status does not allow this", "该情形当前状态不允许此操作"
)
CONFIRMED_BY_ANOTHER = ErrorKind(
    "second_person_required", 403, "Who alleged an incident does not confirm it", "提出人不得自行认定，须由他人认定"
)
CURED_TOO_EARLY = ErrorKind(
    "cured_before_it_occurred", 422, "It cannot be cured before it occurred", "整改（修复）日期早于发生日期"
)
NOTICE_EXISTS = ErrorKind(
    "notice_exists", 409, "A listing of this kind covers these days already", "该期间已有同类名录记录"
)
NOTICE_REMOVED = ErrorKind("notice_removed", 409, "The listing has been removed already", "该记录已移出")
REMOVED_TOO_EARLY = ErrorKind(
    "removed_before_listed", 422, "It cannot be removed before it was listed", "移出日期早于列入日期"
)
CONSTRAINT_ERRORS.update(
    {
        "uq_incident_one_open": INCIDENT_EXISTS,
        "incident_transitions": INCIDENT_STATUS,
        "uq_incident_step_incident_id_number": INCIDENT_STATUS,
        "ck_incident_second_person": CONFIRMED_BY_ANOTHER,
        "ck_incident_occurred_before_cure": CURED_TOO_EARLY,
        "ex_business_notice_no_overlap": NOTICE_EXISTS,
        "ck_business_notice_listed_before_removal": REMOVED_TOO_EARLY,
    }
)
