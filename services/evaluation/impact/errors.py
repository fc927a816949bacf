"""Refusals about asking what another rulebook would have said."""

from shared.errors import ErrorKind

ONE_RULEBOOK_NEEDED = ErrorKind(
    "one_rulebook_needed",
    422,
    "Name exactly one of rulebook_id, rulebook_digest and rulebook_text",
    "rulebook_id、rulebook_digest、rulebook_text 须且只须提供一项",
)
RULEBOOK_NOT_FOUND = ErrorKind("rulebook_not_found", 404, "No such rulebook is registered", "没有登记过该评判规则")
RULEBOOK_REFUSED = ErrorKind(
    "rulebook_refused", 422, "The rulebook must not be used as it is written", "评判规则有误，不能使用"
)
IMPACT_BUSY = ErrorKind(
    "impact_busy", 503, "Too many comparisons are under way; try again", "正在进行的比对过多，请稍后重试"
)
