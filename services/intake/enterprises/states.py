"""What a change alters, as it was before and as it is after: the same form that making and undoing write from."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from shared.models.intake import EnterpriseCode

# By table: each row's id, and the revision that it stood at (0 where the table counts none).
Belongings = dict[str, dict[uuid.UUID, int]]


class CodeState(BaseModel):
    """A row of `enterprise_code`, whole."""

    code: str
    scheme: str
    enterprise_id: uuid.UUID
    kind: str
    since: datetime
    change_id: uuid.UUID | None


class State(BaseModel):
    """The part of a record that one change touches; None or empty is what it leaves alone.

    `applications` says at which revision each application that a merge moves stood then, `belongings`
    the same of all else that it moves.
    """

    name: str | None = None
    division_code: str | None = None
    city_code: str | None = None
    uscc: str | None = None
    merged_into: uuid.UUID | None = None
    codes: list[CodeState] = []
    applications: dict[uuid.UUID, int] = {}
    belongings: Belongings = {}
    organisation_part_differs: bool = False

    def stored(self) -> dict[str, Any]:
        """As JSON, without what is left alone."""
        return self.model_dump(mode="json", exclude_defaults=True)


def code_state(row: EnterpriseCode) -> CodeState:
    """What the row says now."""
    return CodeState.model_validate(row, from_attributes=True)
