"""What each export can be narrowed to: the filters of the list that it exports."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.intake.applications.transitions import Status
from services.intake.imports.schemas import Outcome
from services.intake.incidents.kinds import IncidentKind
from services.intake.incidents.transitions import Status as IncidentStatus
from services.intake.national.schemas import DeliveryStatus
from services.intake.reports.major_problem_schemas import Severity
from services.intake.reports.transitions import MajorProblemStatus, ReportStatus

Format = Literal["xlsx", "csv"]
CycleCode = Annotated[str | None, Field(max_length=40, examples=["2024-1"], description="Code of the cycle")]
City = Annotated[str | None, Field(pattern=r"^\d{6}$", examples=["420100"], description="City code")]
UsccCode = Annotated[str | None, Field(max_length=18, examples=["91420100MAQ00001XA"], description="统一社会信用代码")]


class Filters(BaseModel):
    """Query parameters of every export; a parameter that the view does not know is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Annotated[Format, Field(description="xlsx keeps types and long codes; csv is for other programs")] = "xlsx"


class ApplicationFilters(Filters):
    cycle: CycleCode = None
    status: Status | None = None
    city: City = None
    uscc: UsccCode = None
    correction_overdue: Annotated[bool | None, Field(description="Returned, and the time to correct is over")] = None


class ImportFilters(Filters):
    cycle: CycleCode = None


class RejectedRowFilters(Filters):
    import_id: Annotated[uuid.UUID, Field(description="The import whose rows are wanted")]


class ImportRowFilters(RejectedRowFilters):
    outcome: Outcome | None = None


class EnterpriseFilters(Filters):
    city: City = None
    name: Annotated[str | None, Field(min_length=1, max_length=200, description="Part of a name, past ones too")] = None
    uscc: Annotated[str | None, Field(max_length=20, description="Any code, past ones too")] = None


class IncidentFilters(Filters):
    uscc: UsccCode = None
    kind: IncidentKind | None = None
    status: IncidentStatus | None = None


class NoticeFilters(Filters):
    uscc: UsccCode = None


class ReportFilters(Filters):
    period: Annotated[str | None, Field(max_length=40, examples=["2026-H1"])] = None
    status: ReportStatus | None = None


class MajorProblemFilters(Filters):
    status: MajorProblemStatus | None = None
    severity: Severity | None = None


class DeliveryFilters(Filters):
    status: DeliveryStatus | None = None


class DifferenceFilters(Filters):
    reconciliation_id: Annotated[uuid.UUID, Field(description="The comparison whose differences are wanted")]
