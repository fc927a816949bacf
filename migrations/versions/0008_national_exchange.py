"""The exchange with the national system."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# What a use case may do with each table; columns are named where the rest of a row must never change.
GRANTS = {
    "national_sender_key": "SELECT, INSERT, UPDATE (revoked_at)",
    "national_batch": "SELECT, INSERT",
    "national_filing": "SELECT, INSERT, UPDATE",
    "national_record": "SELECT, INSERT, UPDATE (outcome, violations, application_id, settled_at)",
    "national_delivery": (
        "SELECT, INSERT, UPDATE (status, attempts, failures, due_at, claim, last_error, remote_id, result, settled_at)"
    ),
    "national_breaker": "SELECT, INSERT, UPDATE",
    "national_file": "SELECT, INSERT",
    "national_answer_file": "SELECT, INSERT",
    "national_reconciliation": "SELECT, INSERT, UPDATE (status, counts, error, finished_at)",
    "national_difference": "SELECT, INSERT",
}
IMMUTABLE = ("national_batch", "national_file", "national_answer_file", "national_difference")


def upgrade() -> None:
    op.create_table(
        "national_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("keyid", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_national_batch")),
        sa.UniqueConstraint("sender", "batch_id", name="uq_national_batch_once"),
    )
    op.create_table(
        "national_breaker",
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="closed", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probe_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state <> 'half_open' OR probe_until IS NOT NULL", name=op.f("ck_national_breaker_probed_for_a_time")
        ),
        sa.CheckConstraint(
            "state <> 'open' OR open_until IS NOT NULL", name=op.f("ck_national_breaker_open_for_a_time")
        ),
        sa.CheckConstraint("state IN ('closed', 'open', 'half_open')", name=op.f("ck_national_breaker_state")),
        sa.PrimaryKeyConstraint("line", name=op.f("pk_national_breaker")),
    )
    op.create_table(
        "national_delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("claim", sa.Uuid(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("result", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(settled_at IS NULL) = (status IN ('pending', 'sent'))",
            name=op.f("ck_national_delivery_settled_once_over"),
        ),
        sa.CheckConstraint("kind IN ('recommendation', 'pool_change')", name=op.f("ck_national_delivery_kind")),
        sa.CheckConstraint("status <> 'sent' OR claim IS NOT NULL", name=op.f("ck_national_delivery_sent_by_somebody")),
        sa.CheckConstraint(
            "status IN ('pending', 'sent', 'accepted', 'rejected', 'dead')", name=op.f("ck_national_delivery_status")
        ),
        sa.CheckConstraint("attempts >= 0 AND failures >= 0", name=op.f("ck_national_delivery_counts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_national_delivery")),
        sa.UniqueConstraint("key", name=op.f("uq_national_delivery_key")),
    )
    op.create_index(
        "ix_national_delivery_due",
        "national_delivery",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('pending', 'sent')"),
    )
    op.create_table(
        "national_file",
        sa.Column("serial", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("record_count", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("serial >= 1", name=op.f("ck_national_file_serial_positive")),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_national_file")),
        sa.UniqueConstraint("digest", name=op.f("uq_national_file_digest")),
    )
    op.create_table(
        "national_reconciliation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="requested", nullable=False),
        sa.Column("counts", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'done') = (counts IS NOT NULL)", name=op.f("ck_national_reconciliation_counted_when_done")
        ),
        sa.CheckConstraint("status IN ('requested', 'done', 'failed')", name=op.f("ck_national_reconciliation_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_national_reconciliation")),
    )
    op.create_table(
        "schedule_run",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", "business_date", name=op.f("pk_schedule_run")),
    )
    op.create_table(
        "national_answer_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(kind = 'result') = (serial IS NOT NULL)", name=op.f("ck_national_answer_file_result_names_its_file")
        ),
        sa.CheckConstraint("kind IN ('result', 'listing')", name=op.f("ck_national_answer_file_kind")),
        sa.ForeignKeyConstraint(
            ["serial"], ["national_file.serial"], name=op.f("fk_national_answer_file_serial_national_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_national_answer_file")),
        sa.UniqueConstraint("digest", name=op.f("uq_national_answer_file_digest")),
    )
    op.create_table(
        "national_difference",
        sa.Column("reconciliation_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("difference", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("ours", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("theirs", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "difference IN ('missing_there', 'missing_here', 'digest_differs', 'status_differs')",
            name=op.f("ck_national_difference_difference"),
        ),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"],
            ["national_reconciliation.id"],
            name=op.f("fk_national_difference_reconciliation_id_national_reconciliation"),
        ),
        sa.PrimaryKeyConstraint("reconciliation_id", "position", name=op.f("pk_national_difference")),
    )
    op.create_table(
        "national_sender_key",
        sa.Column("keyid", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("public_key_pem", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("valid_from < valid_to", name=op.f("ck_national_sender_key_period")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["api_client.client_id"], name=op.f("fk_national_sender_key_client_id_api_client")
        ),
        sa.PrimaryKeyConstraint("keyid", name=op.f("pk_national_sender_key")),
    )
    op.create_table(
        "national_filing",
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("application_version", sa.Integer(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("status_sequence", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_national_filing_application_id_application")
        ),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_national_filing")),
    )
    op.create_table(
        "national_record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("filing_id", sa.Text(), nullable=True),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("violations", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('application', 'status', 'unknown')", name=op.f("ck_national_record_kind")),
        sa.CheckConstraint(
            "outcome <> 'rejected' OR violations IS NOT NULL", name=op.f("ck_national_record_rejection_has_reason")
        ),
        sa.CheckConstraint(
            "outcome IN ('accepted', 'unchanged', 'stale', 'waiting', 'rejected')",
            name=op.f("ck_national_record_outcome"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_national_record_version_positive")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_national_record_application_id_application")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["national_batch.id"],
            name=op.f("fk_national_record_batch_id_national_batch"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["filing_id"], ["national_filing.record_id"], name=op.f("fk_national_record_filing_id_national_filing")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_national_record")),
        sa.UniqueConstraint("record_id", "version", name="uq_national_record_version"),
    )
    op.create_index("ix_national_record_filing", "national_record", ["filing_id", "outcome"], unique=False)
    op.create_index(
        "ix_national_record_waiting",
        "national_record",
        ["filing_id"],
        unique=False,
        postgresql_where=sa.text("outcome = 'waiting'"),
    )
    op.add_column("outbox_event", sa.Column("lease", sa.Uuid(), nullable=True))
    op.add_column("outbox_event", sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True))
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO peiyu_intake")
    for table in IMMUTABLE:
        op.execute(
            f"CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    # Who was admitted by a plan, through the named read `admitted_by_plan`.
    op.execute("GRANT SELECT ON membership TO peiyu_intake")
    # The relay publishes the events of schedules.
    op.execute("GRANT SELECT, INSERT ON schedule_run TO peiyu_relay")
    op.execute("GRANT INSERT ON outbox_event TO peiyu_relay")


def downgrade() -> None:
    op.execute("REVOKE INSERT ON outbox_event FROM peiyu_relay")
    op.execute("REVOKE SELECT ON membership FROM peiyu_intake")
    op.drop_column("outbox_event", "leased_until")
    op.drop_column("outbox_event", "lease")
    op.drop_index(
        "ix_national_record_waiting", table_name="national_record", postgresql_where=sa.text("outcome = 'waiting'")
    )
    op.drop_index("ix_national_record_filing", table_name="national_record")
    op.drop_table("national_record")
    op.drop_table("national_filing")
    op.drop_table("national_sender_key")
    op.drop_table("national_difference")
    op.drop_table("national_answer_file")
    op.drop_table("schedule_run")
    op.drop_table("national_reconciliation")
    op.drop_table("national_file")
    op.drop_index(
        "ix_national_delivery_due",
        table_name="national_delivery",
        postgresql_where=sa.text("status IN ('pending', 'sent')"),
    )
    op.drop_table("national_delivery")
    op.drop_table("national_breaker")
    op.drop_table("national_batch")
