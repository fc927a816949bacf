"""What each export can be narrowed to: the filters of the list that it exports."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.intake.applications.transitions import Status

Format = Literal["xlsx", "csv"]
CycleCode = Annotated[str | None, Field(max_length=40, examples=["2024-1"], description="Code of the cycle")]


class Filters(BaseModel):
    """Query parameters of every export; a parameter that the view does not know is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Annotated[Format, Field(description="xlsx keeps types and long codes; csv is for other programs")] = "xlsx"


class ApplicationFilters(Filters):
    cycle: CycleCode = None
    status: Status | None = None


class ImportFilters(Filters):
    cycle: CycleCode = None


class RejectedRowFilters(Filters):
    import_id: Annotated[uuid.UUID, Field(description="The import whose rejected rows are wanted")]
