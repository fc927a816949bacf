"""What HTTP says about major problems (重大问题)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from services.intake.applications.schemas import FormPart, Text, Uscc
from services.intake.reports.transitions import MajorProblemStatus

Severity = Literal["notable", "major", "critical"]


class MajorProblemIn(FormPart):
    """A problem reported upward. `severity`: notable 较大, major 重大, critical 特别重大; `uscc` if it is about one."""

    title: Annotated[Text, Field(examples=["多家企业质押贷款集中到期"])]
    description: Annotated[str, Field(min_length=1, max_length=5000, examples=["涉及入库企业3家，需协调续贷。"])]
    severity: Severity
    uscc: Uscc | None = None


class AnswerIn(FormPart):
    answer: Annotated[str, Field(min_length=1, max_length=5000, examples=["已商有关部门，按续贷政策办理。"])]


class MajorProblemOut(BaseModel):
    id: uuid.UUID
    city_code: str
    uscc: str | None
    severity: Severity
    title: str
    description: str
    status: MajorProblemStatus
    reported_by: str
    reported_at: datetime
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    answer: str | None
    settled_by: str | None
    settled_at: datetime | None


class MajorProblemPage(BaseModel):
    items: list[MajorProblemOut]
    next_cursor: uuid.UUID | None
