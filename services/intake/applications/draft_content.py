"""What a draft (草稿) may hold: anything that can be stored, as long as it says who applies."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from pydantic import ValidationError

from services.intake.applications.form import Applicant, ApplicationForm
from shared.errors import PAYLOAD_TOO_LARGE, UNSTORABLE, VALIDATION_FAILED, Problem, Violation
from shared.validation import json_pointer, violations_of_model

_DEEPEST = 32
# PostgreSQL's JSON holds no NUL, and neither UTF-8 nor a browser half a character.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

Location = tuple[int | str, ...]


def applicant_of(content: Mapping[str, Any]) -> Applicant:
    """Who applies, checked as strictly as at submission; Problem `validation_failed` naming the places."""
    said = {name: content[name] for name in Applicant.model_fields if name in content}
    try:
        return Applicant.model_validate(said)
    except ValidationError as error:
        raise Problem(VALIDATION_FAILED, violations=violations_of_model(error)) from None


def form_or_violations(content: Mapping[str, Any]) -> tuple[ApplicationForm | None, list[Violation]]:
    """The form that the content makes, or what submission would refuse of it."""
    try:
        return ApplicationForm.model_validate(content), []
    except ValidationError as error:
        return None, violations_of_model(error)


def merged(content: Any, patch: Any) -> Any:
    """`content` with a JSON merge patch (RFC 7396) applied: null removes a member, what is no object replaces."""
    if not isinstance(patch, dict):
        return patch
    members = dict(cast("dict[str, Any]", content)) if isinstance(content, dict) else {}
    for name, value in cast("dict[str, Any]", patch).items():
        if value is None:
            members.pop(name, None)
        else:
            members[name] = merged(members.get(name), value)
    return members


def refuse_unstorable(content: Mapping[str, Any], *, most_bytes: int) -> None:
    """Problem `unstorable_value` naming each place, or `payload_too_large`; everything else may be saved."""
    places = list(_unstorable(content, ()))
    if places:
        kind = UNSTORABLE
        found = [Violation(kind.code, kind.title_zh, kind.title_en, pointer=json_pointer(place)) for place in places]
        raise Problem(kind, violations=found[:50])
    if len(json.dumps(content, ensure_ascii=False).encode()) > most_bytes:
        raise Problem(PAYLOAD_TOO_LARGE)


def _unstorable(value: Any, place: Location) -> Iterator[Location]:
    if len(place) > _DEEPEST:
        yield place[:1]
        return
    match value:
        case str() if _UNSTORABLE.search(value):
            yield place
        case float() if not math.isfinite(value):
            yield place
        case dict():
            members = cast("dict[str, Any]", value)
            # A name that cannot be stored cannot be shown either: its holder is the place.
            bad = {name for name in members if _UNSTORABLE.search(name)}
            yield from (place for _ in bad)
            yield from _inside(((name, member) for name, member in members.items() if name not in bad), place)
        case list():
            yield from _inside(enumerate(cast("list[Any]", value)), place)
        case _:
            pass


def _inside(members: Iterable[tuple[int | str, Any]], place: Location) -> Iterator[Location]:
    for name, member in members:
        yield from _unstorable(member, (*place, name))
