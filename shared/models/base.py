"""The one MetaData: naming convention, column types and identifiers that every table shares."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any

import uuid_utils.compat
from sqlalchemy import DateTime, MetaData, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Base(DeclarativeBase):
    metadata = metadata
    type_annotation_map = {str: Text(), datetime: DateTime(timezone=True), dict[str, Any]: JSONB()}  # noqa: RUF012


def new_id() -> uuid.UUID:
    """A UUIDv7: unique everywhere and ordered by time of creation."""
    return uuid_utils.compat.uuid7()


Id = Annotated[uuid.UUID, mapped_column(primary_key=True, default=new_id)]
CreatedAt = Annotated[datetime, mapped_column(server_default=func.now())]


def one_of(column: str, *values: str) -> str:
    """CHECK text for a column that holds one of a few words (text and CHECK, not native enums)."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"
