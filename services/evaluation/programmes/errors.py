"""Refusals about lists by rule."""

from shared.errors import ErrorKind

PROGRAMME_UNKNOWN = ErrorKind("programme_not_found", 404, "The province has no such list", "本省没有该名单")
NOT_JUDGED = ErrorKind(
    "programme_not_judged",
    409,
    "A list of the pool follows its plans and is not judged",
    "该名单随入库、出库方案发布，不另行评判",
)
