"""Alembic's environment: one transaction, short lock time-outs, the connection handed in by `shared/schema.py`."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

from shared.models import metadata

connection: Connection | None = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("run migrations with `peiyu migrate`")
# A migration that cannot have its lock quickly gives up rather than stop every request behind it.
connection.execute(text("SET LOCAL lock_timeout = '5s'"))
context.configure(connection=connection, target_metadata=metadata, compare_server_default=True)
with context.begin_transaction():
    context.run_migrations()
