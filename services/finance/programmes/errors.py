"""Refusals about proposals of editions."""

from shared.errors import CONSTRAINT_ERRORS, ErrorKind

PROPOSAL_STATUS = ErrorKind(
    "proposal_status", 409, "The proposal was published or overtaken", "该拟发布名单已发布或已被新的取代"
)
PROPOSAL_DIGEST = ErrorKind(
    "proposal_digest", 409, "The digest is not that of the proposal", "摘要与拟发布名单不符，请重新核对"
)
PROPOSAL_STALE = ErrorKind(
    "proposal_stale",
    409,
    "Enterprises on it left the pool, withdrew their consent or changed their code; judge again",
    "名单内有企业已不在库、已撤回同意或已变更代码，请重新评判",
)
APPROVER_PROPOSED = ErrorKind(
    "proposal_second_person", 409, "Whoever proposed it does not approve it", "提出人与批准人不得为同一人"
)
CONSTRAINT_ERRORS["ck_list_proposal_second_person"] = APPROVER_PROPOSED
CONSTRAINT_ERRORS["ck_list_proposal_settled_once"] = PROPOSAL_STATUS
