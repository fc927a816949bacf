"""Webhooks: where banks want to be told, what was to be told, each attempt to."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

# What a use case changes of a row: another secret, its removal; how the sending goes.
_CHANGES = {
    "webhook_endpoint": "secret, earlier_secret, earlier_until, removed_at",
    "webhook_message": "status, attempts, claim, due_at, settled_at",
    "webhook_attempt": None,
}


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _at(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def _moment(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def upgrade() -> None:
    op.create_table(
        "webhook_endpoint",
        _id(),
        *(_text(name) for name in ("client_id", "url", "secret")),
        _text("earlier_secret", nullable=True),
        _moment("earlier_until"),
        _at("created_at"),
        _moment("removed_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoint")),
        sa.CheckConstraint("secret LIKE 'whsec\\_%'", name=op.f("ck_webhook_endpoint_secret_format")),
        sa.CheckConstraint(
            "(earlier_secret IS NULL) = (earlier_until IS NULL)", name=op.f("ck_webhook_endpoint_earlier_secret_ends")
        ),
        sa.CheckConstraint("url ~ '^https?://'", name=op.f("ck_webhook_endpoint_url_scheme")),
    )
    op.create_index(
        "uq_webhook_endpoint_live",
        "webhook_endpoint",
        ["client_id", "url"],
        unique=True,
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    _messages()
    op.create_table(
        "webhook_attempt",
        _id(),
        _id("message_id"),
        _at("at"),
        sa.Column("status_code", sa.Integer(), nullable=True),
        _text("error", nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_attempt")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["webhook_message.id"], name=op.f("fk_webhook_attempt_message_id_webhook_message")
        ),
        sa.CheckConstraint("milliseconds >= 0", name=op.f("ck_webhook_attempt_milliseconds_counted")),
        sa.CheckConstraint(
            "status_code IS NOT NULL OR error IS NOT NULL", name=op.f("ck_webhook_attempt_outcome_told")
        ),
    )
    op.create_index(op.f("ix_webhook_attempt_message_id_id"), "webhook_attempt", ["message_id", "id"])
    for name, when, each in (("immutable", "UPDATE OR DELETE", "ROW"), ("never_emptied", "TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {when} ON webhook_attempt FOR EACH {each} EXECUTE FUNCTION refuse_change()"
        )
    for table, columns in _CHANGES.items():
        op.execute(f"GRANT SELECT, INSERT ON {table} TO peiyu_finance")
        if columns is not None:
            op.execute(f"GRANT UPDATE ({columns}) ON {table} TO peiyu_finance")


def _messages() -> None:
    op.create_table(
        "webhook_message",
        _id(),
        _id("endpoint_id"),
        _text("type"),
        _text("programme_code", nullable=True),
        sa.Column("serial", sa.Integer(), nullable=True),
        *(_text(name) for name in ("payload", "status")),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        _id("claim", nullable=True),
        _at("due_at"),
        _at("created_at"),
        _moment("settled_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_message")),
        sa.UniqueConstraint("endpoint_id", "programme_code", "serial", name="uq_webhook_message_edition_once"),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["webhook_endpoint.id"], name=op.f("fk_webhook_message_endpoint_id_webhook_endpoint")
        ),
        sa.ForeignKeyConstraint(
            ["programme_code", "serial"],
            ["edition.programme_code", "edition.serial"],
            name="fk_webhook_message_edition",
        ),
        sa.CheckConstraint(
            "(programme_code IS NULL) = (serial IS NULL)", name=op.f("ck_webhook_message_edition_whole")
        ),
        sa.CheckConstraint("status IN ('pending', 'delivered', 'exhausted')", name=op.f("ck_webhook_message_status")),
        sa.CheckConstraint("(status = 'pending') = (settled_at IS NULL)", name=op.f("ck_webhook_message_settled")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_webhook_message_attempts_counted")),
    )
    op.create_index(
        "ix_webhook_message_due", "webhook_message", ["due_at"], postgresql_where=sa.text("status = 'pending'")
    )


def downgrade() -> None:
    op.execute("DELETE FROM outbox_event WHERE topic IN ('finance.edition_published', 'finance.webhooks_due')")
    for table in reversed(_CHANGES):
        op.drop_table(table)
