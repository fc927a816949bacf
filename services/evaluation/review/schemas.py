"""What HTTP says about findings and deviations."""

from __future__ import annotations

import uuid
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Part = Annotated[str, Field(max_length=100, examples=["2.qualification"])]
Reason = Annotated[str, Field(min_length=2, max_length=2000)]
Evidence = Annotated[
    list[uuid.UUID],
    Field(
        default=[],
        max_length=20,
        description="Attachments of the same application",
        examples=[["018f0000-0000-7000-8000-000000000000"]],
    ),
]


class FindingIn(BaseModel):
    """A reviewer's answer to one part that the facts leave unknown, and the files it rests on."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    part: Part
    met: Annotated[bool, Field(strict=True)]
    reason: Reason
    evidence: Evidence


class FindingsIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    findings: Annotated[list[FindingIn], Field(min_length=1, max_length=50)]


class DeviationIn(BaseModel):
    """Why an 原则上 part that is not met should be excused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    part: Part
    reason: Reason


class ReviewState(BaseModel):
    """Where the assessment stands after the act: verdicts by criterion number."""

    overall: str
    criteria: dict[int, str]
