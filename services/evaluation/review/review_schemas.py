"""What HTTP says about reviews, who does them, and what they declare."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.evaluation.review.schemas import Reason
from shared.reference.divisions import cities
from shared.validation import custom_error

Status: TypeAlias = Literal["open", "moot", "done"]
Kind: TypeAlias = Literal["unknown_fact", "judgement", "deviation", "conflict"]
Whose: TypeAlias = Literal["mine", "to_sign", "unassigned", "all"]


def _printable(value: str) -> str:
    if not value.isprintable():
        raise custom_error("control_character")
    return value


def _city(value: str) -> str:
    if value not in {city.code for city in cities()}:
        raise custom_error("city_unknown")
    return value


Subject = Annotated[
    str, Field(min_length=1, max_length=100, pattern=r"\w", examples=["wang-wu"]), AfterValidator(_printable)
]


class ReviewerIn(BaseModel):
    """A reviewer as registered; the same person again changes the registration."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    subject: Subject
    home_city_code: Annotated[str, Field(max_length=6, examples=["420200"]), AfterValidator(_city)]
    load_limit: Annotated[int, Field(ge=0, le=10_000, examples=[200])] = 200
    active: Annotated[bool, Field(strict=True, examples=[True])] = True


class ReviewerOut(BaseModel):
    """`load` is how many reviews that are not done the person has."""

    subject: str = Field(examples=["wang-wu"])
    home_city_code: str = Field(examples=["420200"])
    load_limit: int = Field(examples=[200])
    active: bool = Field(examples=[True])
    load: int = Field(examples=[12])


class ReviewerPage(BaseModel):
    items: list[ReviewerOut]
    next_cursor: str | None = Field(examples=["wang-wu"])


class AssignIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=10_000, examples=[1000])] = 1000
    include_moot: Annotated[
        bool, Field(strict=True, description="Also what is not met whatever a person finds", examples=[False])
    ] = False


class AssignmentOut(BaseModel):
    """How many were assigned now, to whom, and how many of those looked at found nobody who may or can."""

    assigned: int = Field(examples=[40])
    unassigned: int = Field(examples=[2])
    by_reviewer: dict[str, int] = Field(examples=[{"wang-wu": 20, "zhao-liu": 20}])


class HandOverIn(BaseModel):
    """To whom, and why."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    to: Subject
    reason: Reason


class DeclarationIn(BaseModel):
    """Whether there is a conflict of interest; a reason belongs to a conflict and to nothing else."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    conflict: Annotated[bool, Field(strict=True, examples=[False])]
    reason: Annotated[Reason | None, Field(examples=[None])] = None

    @model_validator(mode="after")
    def _conflict_has_reason(self) -> DeclarationIn:
        if self.conflict != (self.reason is not None):
            raise custom_error("conflict_reason")
        return self


class DeclarationsIn(BaseModel):
    """That there is no conflict of interest in any of these reviews; a conflict is declared on its own review."""

    model_config = ConfigDict(extra="forbid")

    review_ids: Annotated[
        list[uuid.UUID],
        Field(min_length=1, max_length=1000, examples=[["018f0000-0000-7000-8000-000000000000"]]),
    ]


class DeclaredOut(BaseModel):
    declared: int = Field(examples=[40])


class ResolutionIn(BaseModel):
    """Why an item needs nothing more: no deviation is proposed, or conflicting sources leave the verdict as it is."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    part: Annotated[str, Field(max_length=100, examples=["2.qualification"])]
    kind: Annotated[Literal["deviation", "conflict"], Field(examples=["deviation"])]
    reason: Reason


class ItemOut(BaseModel):
    """One thing that needs, or needed, a person; `changes` say why it was opened again."""

    part: str = Field(examples=["9.commercialisation"])
    title: str = Field(examples=["企业专利产业化计划明确"])
    kind: str = Field(examples=["judgement"])
    open: bool = Field(examples=[True])
    changes: list[dict[str, Any]] = Field(
        examples=[[{"fact": "rd_staff", "before": 20, "after": 35}]],
        description="{fact, before, after}, {field, section, before, after} of the form, or {rule, before, after}",
    )
    resolved_by: str | None = Field(examples=[None])
    resolution: str | None = Field(examples=[None])


class MoveOut(BaseModel):
    """One step of a review from one person to another."""

    act: str = Field(examples=["delegate"])
    from_reviewer: str | None = Field(examples=["wang-wu"])
    to_reviewer: str | None = Field(examples=["zhao-liu"])
    reason: str | None
    acted_by: str = Field(examples=["wang-wu"])
    created_at: datetime


class ReviewOut(BaseModel):
    """One review. A reviewer who has not declared sees the first four members and no more."""

    id: uuid.UUID
    cycle: str
    enterprise_name: str
    city_code: str
    declared: bool = Field(examples=[True])
    assessment_id: uuid.UUID | None = None
    uscc: str | None = None
    status: str | None = Field(default=None, examples=["open"])
    assignee: str | None = Field(default=None, examples=["wang-wu"])
    overtaken_at: datetime | None = None
    items: list[ItemOut] | None = None
    history: list[MoveOut] | None = None


class ReviewPage(BaseModel):
    items: list[ReviewOut]
    next_cursor: uuid.UUID | None


class KindCounts(BaseModel):
    open: int = Field(examples=[12])
    closed: int = Field(examples=[28])


class ReviewCounts(BaseModel):
    """How far the reviews of a cycle are; `open`, `moot` and `done` add up to `reviews`."""

    reviews: int = Field(examples=[100])
    open: int = Field(examples=[40])
    moot: int = Field(examples=[20])
    done: int = Field(examples=[40])
    unassigned: int = Field(examples=[10], description="Of the open ones")
    undeclared: int = Field(examples=[5], description="Of the open ones that are assigned")
    items: dict[Kind, KindCounts]
