"""What HTTP says about webhooks."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MessageStatus = Literal["pending", "delivered", "exhausted"]
_Id = Annotated[uuid.UUID, Field(examples=["018f0000-0000-7000-8000-000000000000"])]
_Url = Annotated[str, Field(examples=["https://bank.example/peiyu"])]
_When = Annotated[datetime | None, Field(examples=["2024-07-31T01:00:05Z"])]


class EndpointIn(BaseModel):
    """An address of one's own, over https; nothing is sent to private addresses and no redirect is followed."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    url: Annotated[
        str, Field(min_length=10, max_length=500, pattern=r"^https?://[!-~]+$", examples=["https://bank.example/peiyu"])
    ]


class EndpointOut(BaseModel):
    """An address, and how what was sent to it is doing. An address that fails stays: nothing is switched off silently."""

    id: _Id
    client_id: Annotated[str, Field(examples=["bank-0a1b2c3d4e5f"])]
    url: _Url
    created_at: datetime
    earlier_secret_until: _When
    pending: Annotated[int, Field(examples=[0])]
    exhausted: Annotated[int, Field(examples=[0])]
    last_delivered_at: _When


class EndpointSecret(BaseModel):
    """The secret (Standard Webhooks, `whsec_…`) is told this once."""

    id: _Id
    url: _Url
    secret: Annotated[str, Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])]
    earlier_secret_until: _When


class EndpointList(BaseModel):
    items: list[EndpointOut]


class AttemptOut(BaseModel):
    at: datetime
    status_code: Annotated[int | None, Field(examples=[200])]
    error: Annotated[str | None, Field(examples=[None])]
    milliseconds: Annotated[int, Field(examples=[41])]


class MessageOut(BaseModel):
    """One message. `webhook_id` is what its receiver sees in the header, at every attempt the same."""

    id: _Id
    webhook_id: Annotated[str, Field(examples=["msg_018f0000000070008000000000000000"])]
    endpoint_id: _Id
    type: Annotated[str, Field(examples=["list.edition_published"])]
    programme: Annotated[str | None, Field(examples=["pool-members"])]
    serial: Annotated[int | None, Field(examples=[1])]
    status: Annotated[MessageStatus, Field(examples=["delivered"])]
    created_at: datetime
    due_at: Annotated[datetime | None, Field(description="When it is tried next", examples=[None])]
    settled_at: _When
    attempts: list[AttemptOut]


class MessagePage(BaseModel):
    """The newest first."""

    items: list[MessageOut]
    next_cursor: Annotated[uuid.UUID | None, Field(examples=[None])]
