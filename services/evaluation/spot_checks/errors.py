"""Refusals about spot checks."""

from shared.errors import CONSTRAINT_ERRORS, ErrorKind

POOL_EMPTY = ErrorKind(
    "spot_check_pool_empty", 409, "The pool has no members to draw from", "库中没有在库企业，无从抽取"
)
REVEAL_TOO_SOON = ErrorKind(
    "spot_check_reveal_too_soon",
    422,
    "Between publishing and revealing lies the time that the province sets",
    "揭示种子的时间须晚于公布抽样框之后的规定时长",
)
COMMITMENT_USED = ErrorKind(
    "spot_check_commitment_used",
    409,
    "Another draw has this commitment: take a new seed",
    "该承诺已用于另一次抽查，请另取种子",
)
NOT_YET = ErrorKind("spot_check_not_yet", 409, "The time to reveal the seed has not come", "未到揭示种子的时间")
OTHER_SEED = ErrorKind(
    "spot_check_other_seed",
    409,
    "This is not the seed and nonce that were committed to",
    "种子和随机数与公布的承诺不符",
)
NOT_REVEALED = ErrorKind(
    "spot_check_not_revealed",
    409,
    "Who is in the frame is told once the seed is revealed",
    "种子揭示后方可查看抽样框内的企业",
)
NOT_DRAWN = ErrorKind("spot_check_not_drawn", 409, "The enterprise was not drawn", "该企业未被抽中")
FOUND_ALREADY = ErrorKind(
    "spot_check_found_already",
    409,
    "A finding on this enterprise is on record; state later knowledge as facts",
    "该企业已有核查结论；此后掌握的情况请作为核实情况录入",
)
CHECKED_BY_ANOTHER = ErrorKind(
    "spot_check_by_another",
    403,
    "Whoever recommended the enterprise's application does not check it",
    "推荐该企业申报的人员不得核查该企业",
)
CHECKED_IN_FUTURE = ErrorKind("spot_check_in_future", 422, "It has not been checked yet", "核查日期晚于今天")
CHECKED_TOO_EARLY = ErrorKind("spot_check_before_draw", 422, "It was not drawn yet on that day", "核查日期早于抽取日期")
NOTHING_CLAIMED = ErrorKind(
    "spot_check_nothing_claimed",
    422,
    "The enterprise's form does not tell this fact: there is nothing to verify or contradict",
    "企业申报中没有该项，无从核实或推翻",
)
OUTCOME_NOT_OF_VALUE = ErrorKind(
    "spot_check_outcome",
    422,
    "Verified is the value that the enterprise told, contradicted is another one",
    "核实应与企业申报的取值相同，不符应与之不同",
)
CONSTRAINT_ERRORS.update(
    {
        "uq_spot_check_commitment": COMMITMENT_USED,
        "spot_check_reveal_in_time": NOT_YET,
        "spot_check_reveal_as_committed": OTHER_SEED,
        "uq_spot_check_finding_once": FOUND_ALREADY,
        "fk_spot_check_finding_drawn": NOT_DRAWN,
        "ck_spot_check_finding_not_the_recommender": CHECKED_BY_ANOTHER,
        "ck_spot_check_finding_not_in_future": CHECKED_IN_FUTURE,
    }
)
