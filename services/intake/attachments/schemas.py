"""Evidence as HTTP shows it, and the words that come with an upload."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from shared.models.intake.attachments import MOST_FILE_NAME
from shared.validation import custom_error

Audience = Literal["all", "officers"]
Purpose = Literal["application", "report", "incident"]
OwnPurpose = Literal["report", "incident"]

# Controls and lone surrogates, and the marks that turn the direction of writing: they make "gpj.exe" look like "exe.jpg".
_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_NOT_IN_NAMES = re.compile(r'[<>:"|?*]')


def visible(value: str) -> str:
    """The text as it is; ValidationError's `control_character` where some of it cannot be seen."""
    if _HIDDEN.search(value):
        raise custom_error("control_character")
    return value


def last_part(value: str) -> str:
    """The name without its folders: some browsers send the whole path."""
    name = _NOT_IN_NAMES.sub("_", re.split(r"[/\\]", value)[-1]).strip(" .")
    return name or "attachment"


Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_FILE_NAME),
    AfterValidator(visible),
]
# Five characters are left for the ending that the content's type may add.
FileName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_FILE_NAME - 5),
    AfterValidator(visible),
    AfterValidator(last_part),
]
CriterionNumber = Annotated[int, Field(ge=1, le=10)]


@dataclass(frozen=True, slots=True)
class Owner:
    """What an attachment is for: an application (by id) or, for reports and incidents, an enterprise (by USCC)."""

    application_id: uuid.UUID | None = None
    uscc: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """What the uploader says about the file. Without an audience, an officer's file on an incident is officers' only."""

    purpose: Purpose
    title: str | None
    file_name: str
    criterion: int | None = None
    audience: Audience | None = None


class AttachmentOut(BaseModel):
    """`media_type` is what the content was found to be. `criterion` is the number in the plan's annex (附件)."""

    id: uuid.UUID
    application_id: uuid.UUID | None
    uscc: str = Field(examples=["91420100MA4KABCD1X"])
    purpose: str = Field(examples=["application"])
    criterion: int | None = Field(examples=[5])
    audience: str = Field(examples=["all"])
    title: str = Field(examples=["研发费用专项审计报告"])
    file_name: str = Field(examples=["2023年研发费用专项审计报告.pdf"])
    media_type: str = Field(examples=["application/pdf"])
    size: int = Field(description="Bytes", examples=[482113])
    digest: str = Field(
        description="SHA-256", examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]
    )
    uploaded_by: str = Field(examples=["enterprise-3f2a"])
    role: str = Field(examples=["enterprise"])
    created_at: datetime
    held: bool = Field(description="A report or record rests on it: it cannot be removed")
    removed_by: str | None
    removed_at: datetime | None


class AttachmentPage(BaseModel):
    items: list[AttachmentOut]
    next_cursor: uuid.UUID | None
