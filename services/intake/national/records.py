"""Read one record of a batch: which version of what it is, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from services.intake.national.errors import NOT_CANONICAL
from services.intake.national.wire import ApplicationRecord, RecordId, StatusRecord, Version, canonical
from shared.canonical import sha256_hex
from shared.errors import ErrorKind, Problem, Violation
from shared.validation import violations_of

_RECORD: TypeAdapter[ApplicationRecord | StatusRecord] = TypeAdapter(
    Annotated[ApplicationRecord | StatusRecord, Field(discriminator="kind")]
)


class _Named(BaseModel):
    """What a record must have at least, so that its fate can be stored."""

    model_config = ConfigDict(extra="ignore")
    record_id: RecordId
    version: Version


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """A record as read: `parsed` is None where `violations` say why it cannot be used."""

    record_id: str
    version: int
    digest: str
    payload: str
    parsed: ApplicationRecord | StatusRecord | None
    violations: tuple[Violation, ...] = ()

    @property
    def kind(self) -> str:
        return self.parsed.kind if self.parsed else "unknown"

    @property
    def filing_id(self) -> str | None:
        """The application, by its upstream id, that this record is about."""
        match self.parsed:
            case ApplicationRecord():
                return self.parsed.record_id
            case StatusRecord():
                return self.parsed.application_record_id
            case None:
                return None

    @property
    def place(self) -> tuple[str, int, int, str]:
        """The order in which the records of one batch are handled: by application, filings first, oldest first."""
        match self.parsed:
            case StatusRecord():
                return self.parsed.application_record_id, 1, self.parsed.sequence, self.record_id
            case _:
                return self.record_id, 0, self.version, self.record_id


def read_record(content: dict[str, Any]) -> ReadRecord:
    """The record with its digest; Problem-like violations inside. Problem where it cannot even be named."""
    try:
        payload = canonical(content)
    except (TypeError, RecursionError):
        raise Problem(NOT_CANONICAL, violations=[reason_of(NOT_CANONICAL)]) from None
    try:
        named = _Named.model_validate(content)
    except ValidationError as error:
        raise Problem(NOT_CANONICAL, violations=_violations(error)) from None
    parsed, violations = None, ()
    try:
        parsed = _RECORD.validate_python(content)
    except ValidationError as error:
        violations = tuple(_violations(error))
    return ReadRecord(named.record_id, named.version, sha256_hex(payload), payload, parsed, violations)


def reparsed(payload: str) -> ApplicationRecord | StatusRecord:
    """A stored record that was read before. ValidationError where the rules have changed since."""
    return _RECORD.validate_json(payload)


def reason_of(kind: ErrorKind, pointer: str | None = None) -> Violation:
    return Violation(kind.code, kind.title_zh, kind.title_en, pointer=pointer)


def reasons_of(problem: Problem) -> tuple[Violation, ...]:
    """Why a use case refused: its violations, else the refusal itself."""
    return problem.violations or (reason_of(problem.kind),)


def _violations(error: ValidationError) -> list[Violation]:
    # The discriminator's name leads each location; the sender knows no such place.
    errors = error.errors(include_url=False)
    for one in errors:
        if one["loc"][:1] in {("application",), ("status",)}:
            one["loc"] = one["loc"][1:]
    # A place may be named by what the sender wrote: PostgreSQL stores no NUL, and nobody reads on for ever.
    return [replace(one, pointer=(one.pointer or "").replace("\x00", "\ufffd")[:300]) for one in violations_of(errors)]
