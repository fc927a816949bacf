"""What HTTP says about enterprises on record, and what it asks of those who change them."""

from __future__ import annotations

import re
import uuid
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from shared import calendar
from shared.calendar import business_date
from shared.identifiers import IdentifierError, parse_enterprise_code, parse_uscc
from shared.reference.divisions import is_registered_division
from shared.validation import custom_error, iso_date

_CONTROL = re.compile(r"[\x00-\x1f\ud800-\udfff]")
Scheme = Literal["uscc", "registration_no", "organisation_code"]
CodeKind = Literal["current", "former", "merged"]
ChangeKind = Literal["rename", "relocation", "code_change", "merge"]


def _uscc(value: str) -> str:
    try:
        return parse_uscc(value)
    except IdentifierError as error:
        raise custom_error(error.code) from None


def _any_code(value: str) -> str:
    try:
        return parse_enterprise_code(value)[1]
    except IdentifierError as error:
        raise custom_error(error.code) from None


def _division(value: str) -> str:
    if not is_registered_division(value):
        raise custom_error("division_unknown")
    return value


def _no_control_characters(value: str) -> str:
    if _CONTROL.search(value):
        raise custom_error("control_character")
    return value


def _not_after_today(value: date) -> date:
    if value > business_date(calendar.now()):
        raise custom_error("future_date")
    return value


_printable = AfterValidator(_no_control_characters)
Uscc = Annotated[str, Field(max_length=40, examples=["91420100MAQ00001XA"]), AfterValidator(_uscc)]
AnyCode = Annotated[str, Field(max_length=40, examples=["D2143569-X"]), AfterValidator(_any_code)]
Name = Annotated[str, Field(min_length=1, max_length=200, examples=["【虚构】示范光电有限公司"]), _printable]
Reason = Annotated[str, Field(min_length=1, max_length=500, examples=["凭变更登记通知书办理"]), _printable]
PastDate = Annotated[
    date,
    Field(ge=date(1949, 10, 1), examples=["2024-06-30"]),
    BeforeValidator(iso_date),
    AfterValidator(_not_after_today),
]


class ChangeIn(BaseModel):
    """Why and since when; `document` names the paper that it rests on, `document_digest` is its file's SHA-256."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: Reason
    effective_on: PastDate
    document: (
        Annotated[str, Field(min_length=1, max_length=200, examples=["（虚构）变更〔2024〕1号"]), _printable] | None
    ) = None
    document_digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", examples=["0" * 64])] | None = None


class RenameIn(ChangeIn):
    name: Name


class RelocateIn(ChangeIn):
    registered_division: Annotated[str, Field(pattern=r"^\d{6}$", examples=["420202"]), AfterValidator(_division)]


class ChangeCodeIn(ChangeIn):
    """`old_code` is the code given up: the present one unless said otherwise, or one from before 三证合一."""

    new_code: Uscc
    old_code: AnyCode | None = None
    mismatch_confirmed: Annotated[bool, Field(strict=True)] = False


class MergeIn(ChangeIn):
    """`into` is the present code of the enterprise that stays."""

    into: Uscc


class UndoIn(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: Reason


class EnterpriseOut(BaseModel):
    uscc: str = Field(examples=["91420100MAQ00001XA"])
    name: str = Field(examples=["【虚构】示范光电有限公司"])
    division_code: str = Field(examples=["420106"])
    city_code: str = Field(examples=["420100"])


class EnterprisePage(BaseModel):
    items: list[EnterpriseOut]
    next_cursor: uuid.UUID | None


class VersionOut(EnterpriseOut):
    """What the record said from `since` until `until`; null is until now."""

    since: AwareDatetime
    until: AwareDatetime | None


class CodeOut(BaseModel):
    """`since` is when the code came to be of its kind, by the change `change_id` where one made it so."""

    code: str = Field(examples=["420106MAQ"])
    scheme: Scheme
    kind: CodeKind
    since: AwareDatetime
    change_id: uuid.UUID | None


class FactsOut(BaseModel):
    """The part of the record that a change touches; null or empty is what it leaves alone.

    `belongings` are the ids of what else a merge moves, by kind; only those who see the whole province are told.
    """

    name: str | None
    division_code: str | None
    city_code: str | None
    uscc: str | None
    codes: list[CodeOut]
    applications: list[uuid.UUID]
    belongings: dict[str, list[uuid.UUID]] | None
    organisation_part_differs: bool


class ChangeOut(BaseModel):
    """`uscc` is the code of the record changed, `into` that of the one that it was merged into, as both are now.

    Who made or undid it is shown to officers only.
    """

    id: uuid.UUID
    kind: ChangeKind
    uscc: str
    into: str | None
    before: FactsOut
    after: FactsOut
    effective_on: date
    reason: str
    document: str | None
    document_digest: str | None
    made_by: str | None
    made_at: AwareDatetime
    undone_by: str | None
    undone_at: AwareDatetime | None
    undo_reason: str | None


class ChangePage(BaseModel):
    items: list[ChangeOut]
    next_cursor: uuid.UUID | None


class AbsorbedOut(EnterpriseOut):
    """A record merged into this one, as it was last, with the periods that it was living."""

    history: list[VersionOut]


class EnterpriseDetail(EnterpriseOut):
    """`as_of` is what was on record at the moment asked for with `at`. `changes` are the first 500, oldest first."""

    as_of: VersionOut | None
    codes: list[CodeOut]
    history: list[VersionOut]
    absorbed: list[AbsorbedOut]
    changes: list[ChangeOut]
