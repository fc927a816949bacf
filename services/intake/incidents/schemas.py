"""What HTTP says about incidents and notices."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field, model_validator

from services.intake.applications.schemas import FormPart, PastDate, Text, Uscc
from services.intake.incidents.kinds import IncidentKind, NoticeKind
from services.intake.incidents.transitions import Act, Status
from shared.validation import custom_error

Reason = Annotated[str, Field(min_length=1, max_length=2000, examples=["经核查，通报所列情形属实"])]


class SourceDocument(FormPart):
    """The document that an act rests on; `attachment_id` names its file, an attachment of the same enterprise.

    `digest` is the SHA-256 of a file that is kept elsewhere.
    """

    title: Annotated[Text, Field(examples=["关于非正常申请专利行为的通报"])]
    issuer: Annotated[Text, Field(examples=["【虚构】示范市知识产权局"])]
    number: Annotated[Text, Field(examples=["（虚构）〔2024〕12号"])] | None = None
    issued_on: Annotated[PastDate, Field(examples=["2024-08-01"])] | None = None
    attachment_id: uuid.UUID | None = None
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class IncidentIn(FormPart):
    """An alleged incident. `reported_on` is when the bureau learnt of it; left out, today."""

    uscc: Uscc
    kind: IncidentKind
    occurred_on: Annotated[PastDate, Field(examples=["2024-07-20"])]
    reported_on: PastDate | None = None
    reason: Reason
    document: SourceDocument

    @model_validator(mode="after")
    def _in_order(self) -> IncidentIn:
        if self.reported_on and self.reported_on < self.occurred_on:
            raise custom_error("reported_before_it_occurred")
        return self


class ConfirmIn(FormPart):
    reason: Reason
    document: SourceDocument


class DismissIn(FormPart):
    """A dismissal needs a reason; a document may say the same."""

    reason: Reason
    document: SourceDocument | None = None


class CureIn(FormPart):
    """`cured_on` is the day from which the incident no longer counts; left out, today."""

    reason: Reason
    document: SourceDocument
    cured_on: PastDate | None = None


class StepOut(BaseModel):
    """One step. An enterprise sees what was decided, not who decided."""

    number: int
    act: Act
    reason: str
    document: SourceDocument | None
    by: str | None
    at: datetime


class IncidentOut(BaseModel):
    """`counts` says whether it stands against the enterprise today: only a confirmed one does."""

    id: uuid.UUID
    uscc: str
    name: str
    city_code: str
    kind: IncidentKind
    kind_title: str
    occurred_on: date
    reported_on: date
    status: Status
    counts: bool
    confirmed_at: datetime | None
    cured_on: date | None
    steps: list[StepOut]


class IncidentPage(BaseModel):
    items: list[IncidentOut]
    next_cursor: uuid.UUID | None


class NoticeIn(FormPart):
    """A listing in a register such as 经营异常名录; `source` says where it was published."""

    uscc: Uscc
    kind: NoticeKind
    listed_on: Annotated[PastDate, Field(examples=["2024-03-01"])]
    source: SourceDocument


class NoticeRemovalIn(FormPart):
    removed_on: Annotated[PastDate, Field(examples=["2024-09-01"])]
    source: SourceDocument


class NoticeOut(BaseModel):
    id: uuid.UUID
    uscc: str
    kind: NoticeKind
    kind_title: str
    listed_on: date
    source: SourceDocument
    removed_on: date | None
    removal_source: SourceDocument | None


class NoticePage(BaseModel):
    items: list[NoticeOut]
    next_cursor: uuid.UUID | None


class ConductRecord(BaseModel):
    """What is on record of an enterprise. `standing` counts confirmed incidents only; notices never count."""

    uscc: str
    name: str
    standing: int
    incidents: list[IncidentOut]
    notices: list[NoticeOut]
