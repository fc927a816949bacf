"""What a draft (草稿) may hold: anything that can be stored, as long as it says who applies."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, cast

from pydantic import ValidationError

from services.intake.applications.form import Applicant, ApplicationForm
from shared.errors import PAYLOAD_TOO_LARGE, UNSTORABLE, VALIDATION_FAILED, Problem, Violation
from shared.validation import Location, left_out_of, pointer_within, violation_of_code, violations_of_model

_DEEPEST = 32
# PostgreSQL's JSON holds no NUL, and neither UTF-8 nor a browser half a character.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def applicant_of(content: Mapping[str, Any]) -> Applicant:
    """Who applies, checked as strictly as at submission; Problem `validation_failed` naming the places."""
    said = {name: content[name] for name in Applicant.model_fields if name in content}
    try:
        return Applicant.model_validate(said)
    except ValidationError as error:
        raise Problem(VALIDATION_FAILED, violations=violations_of_model(error)) from None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a draft makes: a form, or what submission would refuse of it first, and how much more is left out."""

    form: ApplicationForm | None
    violations: list[Violation] = field(default_factory=list[Violation])
    left_out: int = 0


async def read_strictly(content: Mapping[str, Any]) -> Reading:
    """The form that the content makes, as submission reads it; in a thread, since others are served meanwhile."""
    return await asyncio.to_thread(_read, content)


def _read(content: Mapping[str, Any]) -> Reading:
    try:
        return Reading(ApplicationForm.model_validate(content))
    except ValidationError as error:
        return Reading(None, violations_of_model(error), left_out_of(error))


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


async def refuse_unstorable(content: Mapping[str, Any], *, most_bytes: int) -> None:
    """Problem `unstorable_value` saying what is wrong at each place, or `payload_too_large`; all else may be saved."""
    await asyncio.to_thread(_refuse_unstorable, content, most_bytes)


def _refuse_unstorable(content: Mapping[str, Any], most_bytes: int) -> None:
    found = [violation_of_code(code, pointer_within(place)) for place, code in islice(_unstorable(content, ()), 50)]
    if found:
        first = found[0]
        where = first.pointer or "/"
        raise Problem(
            UNSTORABLE,
            detail_en=f"{where}: {first.message_en}",
            detail_zh=f"{where}：{first.message_zh}",
            violations=found,
        )
    if len(json.dumps(content, ensure_ascii=False).encode()) > most_bytes:
        raise Problem(PAYLOAD_TOO_LARGE)


def _unstorable(value: Any, place: Location) -> Iterator[tuple[Location, str]]:
    if len(place) > _DEEPEST:
        yield place, "too_deep"
        return
    match value:
        case str() if _UNSTORABLE.search(value):
            yield place, "text_not_storable"
        case float() if not math.isfinite(value):
            yield place, "number_not_finite"
        case dict():
            members = cast("dict[str, Any]", value)
            # A name that cannot be stored cannot be shown either: its holder is the place.
            bad = {name for name in members if _UNSTORABLE.search(name)}
            yield from ((place, "text_not_storable") for _ in bad)
            yield from _inside(((name, member) for name, member in members.items() if name not in bad), place)
        case list():
            yield from _inside(enumerate(cast("list[Any]", value)), place)
        case _:
            pass


def _inside(members: Iterable[tuple[int | str, Any]], place: Location) -> Iterator[tuple[Location, str]]:
    for name, member in members:
        yield from _unstorable(member, (*place, name))
