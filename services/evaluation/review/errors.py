"""Refusals about review."""

from services.evaluation.assessment.errors import (
    BARS,
    CONFLICT_OF_INTEREST,
    DECLARATION_MISSING,
    NOT_A_REVIEWER,
    OWN_CITY,
)
from shared.errors import CONSTRAINT_ERRORS, ErrorKind

PART_UNKNOWN = ErrorKind("part_unknown", 422, "The rulebook has no such part", "评判规则中没有该要点")
PART_SETTLED = ErrorKind(
    "part_settled", 409, "The facts or an earlier finding settle this part", "该要点已由数据或先前认定得出结论"
)
NOT_EXCUSABLE = ErrorKind(
    "not_excusable",
    409,
    "Only an 原则上 part that is not met can be excused",
    "只有未满足的“原则上”要点才能说明理由予以例外",
)
DEVIATION_EXISTS = ErrorKind("deviation_exists", 409, "A deviation is already proposed", "该要点已提出例外")
SECOND_PERSON = ErrorKind(
    "second_person_required", 403, "Somebody else has to sign or approve this", "须由另一人签署或批准"
)
ASSESSMENT_SUPERSEDED = ErrorKind(
    "assessment_superseded", 409, "A newer assessment has taken its place", "该评判已被新的评判取代"
)
NOT_ASSIGNED = ErrorKind("not_assigned", 403, "The review is not assigned to you", "该评审未分配给您")
DELEGATED_TO_ONESELF = ErrorKind(
    "delegated_to_oneself", 409, "You have the review yourself: name somebody else", "该评审本就由您承担，请委托他人"
)
REVIEWER_FULL = ErrorKind("reviewer_full", 409, "The reviewer's load limit is reached", "该评审人员的评审量已达上限")
EVIDENCE_UNKNOWN = ErrorKind("evidence_unknown", 422, "The application has no such attachment", "该申报没有此佐证材料")
NOTHING_TO_RESOLVE = ErrorKind(
    "nothing_to_resolve", 409, "The review has no such open item", "该评审没有此项待处理事项"
)
# Refusals for want of standing: each is on record, though nothing else is changed.
STANDING = {**BARS, "not_assigned": NOT_ASSIGNED, "second_person": SECOND_PERSON}
CONSTRAINT_ERRORS["ck_deviation_second_person"] = SECOND_PERSON
CONSTRAINT_ERRORS["uq_deviation_assessment_id_part"] = DEVIATION_EXISTS
CONSTRAINT_ERRORS["uq_finding_assessment_id_part"] = PART_SETTLED
# What `refuse_standing` in the database raises.
CONSTRAINT_ERRORS.update({f"standing_{bar}": kind for bar, kind in STANDING.items()})

__all__ = [
    "ASSESSMENT_SUPERSEDED",
    "CONFLICT_OF_INTEREST",
    "DECLARATION_MISSING",
    "DELEGATED_TO_ONESELF",
    "DEVIATION_EXISTS",
    "EVIDENCE_UNKNOWN",
    "NOTHING_TO_RESOLVE",
    "NOT_ASSIGNED",
    "NOT_A_REVIEWER",
    "NOT_EXCUSABLE",
    "OWN_CITY",
    "PART_SETTLED",
    "PART_UNKNOWN",
    "REVIEWER_FULL",
    "SECOND_PERSON",
    "STANDING",
]
