"""Refusals about review."""

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
CONSTRAINT_ERRORS["ck_deviation_second_person"] = SECOND_PERSON
CONSTRAINT_ERRORS["uq_deviation_assessment_id_part"] = DEVIATION_EXISTS
CONSTRAINT_ERRORS["uq_finding_assessment_id_part"] = PART_SETTLED
