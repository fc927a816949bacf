"""What OpenAPI says of refusals: each route names the codes that it answers with, and each is shown by an example."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from shared.errors import ErrorKind, Problem
from shared.web.problems import MEDIA_TYPE, document


def refuses(*kinds: ErrorKind) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses=`: the problem documents of these kinds, by status, one example per code."""
    by_status: dict[int, list[ErrorKind]] = defaultdict(list)
    for kind in kinds:
        by_status[kind.status].append(kind)
    return {status: _response(group) for status, group in sorted(by_status.items())}


def _response(kinds: list[ErrorKind]) -> dict[str, Any]:
    examples = {kind.code: {"summary": kind.title_zh, "value": document(Problem(kind))} for kind in kinds}
    return {
        "description": ", ".join(f"`{kind.code}` {kind.title_en}" for kind in kinds),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}, "examples": examples}},
    }
