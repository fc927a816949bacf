"""Evidence by content."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TYPES = (
    "application/pdf",
    "image/jpeg",
    "image/png",
    "application/ofd",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)
_CHECKS = {
    "purpose": "purpose IN ('application', 'report', 'incident')",
    "audience": "audience IN ('all', 'officers')",
    "media_type": f"media_type IN ({', '.join(repr(one) for one in _TYPES)})",
    "one_owner": "num_nonnulls(application_id, enterprise_id) = 1",
    "purpose_fits_owner": "(purpose = 'application') = (application_id IS NOT NULL)",
    "criterion_number": "criterion BETWEEN 1 AND 10",
    "criterion_of_application": "criterion IS NULL OR application_id IS NOT NULL",
    "enterprise_sees_its_own": "role <> 'enterprise' OR audience = 'all'",
    "not_empty": "size > 0",
    "digest_format": "digest ~ '^[0-9a-f]{64}$'",
    "title_length": "char_length(title) BETWEEN 1 AND 200",
    "file_name_length": "char_length(file_name) BETWEEN 1 AND 200",
    "removal_whole": "(removed_by IS NULL) = (removed_at IS NULL)",
    "removed_later": "removed_at >= created_at",
    "in_use_is_kept": "held_at IS NULL OR removed_at IS NULL",
}


def _moment(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def upgrade() -> None:
    now = sa.text("now()")
    op.create_table(
        "stored_content",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("needed_until", sa.DateTime(timezone=True), nullable=False),
        _moment("removing_since"),
        _moment("removed_at"),
        sa.PrimaryKeyConstraint("digest", name="pk_stored_content"),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest_format"),
        sa.CheckConstraint("removing_since IS NULL OR removed_at IS NULL", name="one_state"),
    )
    op.create_index(
        "ix_stored_content_needed_until",
        "stored_content",
        ["needed_until"],
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_table(
        "attachment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("enterprise_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("criterion", sa.SmallInteger(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("audience", "title", "file_name", "media_type")),
        sa.Column("size", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("digest", "uploaded_by", "role")),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        _moment("held_at"),
        sa.Column("removed_by", sa.Text(), nullable=True),
        _moment("removed_at"),
        sa.PrimaryKeyConstraint("id", name="pk_attachment"),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], "fk_attachment_application_id_application"),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], "fk_attachment_enterprise_id_enterprise"),
        sa.ForeignKeyConstraint(["digest"], ["stored_content.digest"], "fk_attachment_digest_stored_content"),
        *(sa.CheckConstraint(check, name=name) for name, check in _CHECKS.items()),
    )
    op.create_index(
        "uq_attachment_live",
        "attachment",
        ["application_id", "enterprise_id", "purpose", "criterion", "audience", "digest"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    for columns in (("application_id", "id"), ("enterprise_id", "id"), ("digest",)):
        op.create_index(f"ix_attachment_{'_'.join(columns)}", "attachment", list(columns))
    _guard()


def _guard() -> None:
    """Grants narrower than the tables, and history that stays: a removal is final and nothing is ever deleted."""
    op.execute("GRANT SELECT, INSERT ON attachment, stored_content TO peiyu_intake")
    op.execute("GRANT UPDATE (held_at, removed_by, removed_at) ON attachment TO peiyu_intake")
    op.execute("GRANT UPDATE (needed_until, removing_since, removed_at) ON stored_content TO peiyu_intake")
    for trigger, event, each in (
        ("never_deleted", "DELETE", "ROW"),
        ("never_emptied", "TRUNCATE", "STATEMENT"),
    ):
        op.execute(
            f"CREATE TRIGGER {trigger} BEFORE {event} ON attachment FOR EACH {each} EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE TRIGGER removal_is_final BEFORE UPDATE ON attachment FOR EACH ROW "
        "WHEN (OLD.removed_at IS NOT NULL OR (OLD.held_at IS NOT NULL AND NEW.held_at IS NULL)) "
        "EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("attachment")
    op.drop_table("stored_content")
