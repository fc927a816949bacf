"""What HTTP says about proposals of editions, and who is on a list."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.finance.lists.schemas import Code, Digest, EditionSummary, RefusalOut

_Id = Annotated[uuid.UUID, Field(examples=["018f0000-0000-7000-8000-000000000000"])]
_Count = Annotated[int, Field(examples=[1])]
Fields = Annotated[dict[str, str], Field(examples=[{"uscc": "91420106MAXQ000011", "name": "【虚构】示范科技有限公司"}])]


class ProposalOut(BaseModel):
    """What an edition is to list: frozen, with the SHA-256 of its canonical JSON, until somebody else approves it.

    `unknown_count` are enterprises left out because the rule could not be judged; the judgement tells what is missing.
    """

    id: _Id
    programme: Annotated[str, Field(examples=["pledge-whitelist"])]
    judgement_id: _Id
    judged_on: date
    entry_count: _Count
    unknown_count: _Count
    digest: Digest
    approval_needed: Annotated[bool, Field(examples=[True])]
    status: Annotated[Literal["frozen", "published", "overtaken"], Field(examples=["frozen"])]
    proposed_by: Annotated[str, Field(examples=["planner"])]
    proposed_at: datetime
    approved_by: Annotated[str, Field(examples=["treasurer"])] | None
    approved_at: datetime | None
    serial: Annotated[int, Field(examples=[1])] | None


class ProposalPage(BaseModel):
    items: list[ProposalOut]
    next_cursor: _Id | None


class ProposedChange(BaseModel):
    """How the proposal differs from the newest edition."""

    uscc: Code
    change: Annotated[Literal["added", "removed", "changed"], Field(examples=["added"])]


class ProposalDetail(ProposalOut):
    """With every entry and field that the province may see, and the changes that it would make."""

    entries: list[Fields]
    changes: list[ProposedChange]


class ApprovalIn(BaseModel):
    """`digest` is that of the proposal as it was read. `authorised_removals` as for an edition published by hand."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    digest: Digest
    reason: Annotated[str, Field(min_length=1, max_length=500, examples=["经核对，同意发布"])]
    authorised_removals: Annotated[int, Field(ge=0, le=1_000_000, examples=[12])] | None = None


class ApprovalOut(BaseModel):
    """Either the edition that was published, or the refusal on record; the proposal is then still open."""

    proposal: ProposalOut
    edition: EditionSummary | None
    refusal: RefusalOut | None


class ShownPage(BaseModel):
    """Who is on the newest edition within reach, with the fields that the reader may see."""

    serial: Annotated[int, Field(examples=[1])]
    items: list[Fields]
    next_cursor: Annotated[str, Field(examples=["91420106MAXQ000011"])] | None
