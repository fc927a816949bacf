"""Refusals about risk compensation."""

from shared.errors import CONSTRAINT_ERRORS, ErrorKind

CREDIT_NOT_FOUND = ErrorKind("credit_not_found", 404, "There is no such credit outcome of yours", "没有该笔授信反馈")
NOT_DRAWN = ErrorKind(
    "claim_above_drawn",
    422,
    "More than was drawn of an approved credit; report the drawn amount first",
    "未偿本金高于该笔授信已反馈的放款金额，或未反馈放款金额",
)
BEFORE_CREDIT = ErrorKind(
    "claim_before_credit", 422, "It failed before it was granted, or after today", "违约日期早于授信日期，或晚于今天"
)
ABOVE_LOSS = ErrorKind(
    "claim_above_loss",
    422,
    "More is recovered or claimed than is lost",
    "追回金额或申请金额高于未偿本金扣除追回后的损失",
)
CLAIM_REFERENCE_USED = ErrorKind(
    "claim_reference_used",
    409,
    "Another claim is on record under this reference; correct it",
    "该业务编号已有内容不同的补偿申请，请更正原申请",
)
CLAIM_REFERENCE_TWICE = ErrorKind(
    "claim_reference_twice", 422, "The batch gives this reference or credit twice", "同一批申请中业务编号或授信重复"
)
CLAIMED_ALREADY = ErrorKind(
    "credit_claimed_already", 409, "This credit has a claim; correct it", "该笔授信已有补偿申请，请更正原申请"
)
CLAIM_CORRECTED_ALREADY = ErrorKind(
    "claim_corrected_already",
    409,
    "It is corrected already; correct the correction",
    "该申请已被更正，请更正最新的一条",
)
CLAIM_DECIDED = ErrorKind("claim_decided", 409, "It is decided otherwise already", "该申请已作出不同的决定")
CLAIM_NOT_STANDING = ErrorKind(
    "claim_not_standing",
    409,
    "It is corrected or withdrawn; decide what holds now",
    "该申请已被更正或撤销，请对最新的一条作出决定",
)
COMPENSATED_ABOVE = ErrorKind(
    "compensated_above_claim", 422, "More than is claimed, or than the terms allow", "补偿金额高于申请金额或规定上限"
)
CLAIM_REFUSAL_UNKNOWN = ErrorKind(
    "claim_refusal_unknown", 422, "There is no such coded reason", "没有这一不予补偿原因代码"
)
CONSTRAINT_ERRORS["uq_compensation_claim_reference"] = CLAIM_REFERENCE_USED
CONSTRAINT_ERRORS["uq_compensation_claim_credit"] = CLAIMED_ALREADY
CONSTRAINT_ERRORS["uq_compensation_claim_corrects"] = CLAIM_CORRECTED_ALREADY
CONSTRAINT_ERRORS["ck_compensation_claim_claimed_within_loss"] = ABOVE_LOSS
CONSTRAINT_ERRORS["ck_compensation_claim_recovered_within_principal"] = ABOVE_LOSS
CONSTRAINT_ERRORS["ck_compensation_claim_within_drawn"] = NOT_DRAWN
CONSTRAINT_ERRORS["ck_compensation_claim_after_credit"] = BEFORE_CREDIT
CONSTRAINT_ERRORS["ck_compensation_claim_not_in_future"] = BEFORE_CREDIT
CONSTRAINT_ERRORS["pk_compensation_decision"] = CLAIM_DECIDED
CONSTRAINT_ERRORS["ck_compensation_decision_of_what_holds"] = CLAIM_NOT_STANDING
CONSTRAINT_ERRORS["ck_compensation_decision_within_claim"] = COMPENSATED_ABOVE
