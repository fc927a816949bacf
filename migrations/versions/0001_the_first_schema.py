"""the first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "admission_quota",
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("city_code", sa.Text(), nullable=False),
        sa.Column("maximum", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.CheckConstraint("used >= 0 AND used <= maximum", name=op.f("ck_admission_quota_within_quota")),
        sa.PrimaryKeyConstraint("cycle_id", "city_code", name=op.f("pk_admission_quota")),
    )
    # Equality inside an exclusion constraint needs it.
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_table(
        "api_client",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=True),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(role = 'enterprise') = (uscc IS NOT NULL)", name=op.f("ck_api_client_enterprise_has_uscc")
        ),
        sa.CheckConstraint(
            "role IN ('enterprise', 'bank', 'national_system', 'auditor')", name=op.f("ck_api_client_role")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_client")),
        sa.UniqueConstraint("client_id", name=op.f("uq_api_client_client_id")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(
        op.f("ix_audit_entry_subject_type_subject_id"), "audit_entry", ["subject_type", "subject_id"], unique=False
    )
    op.create_table(
        "cycle",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("rulebook_id", sa.Text(), nullable=False),
        sa.Column("rulebook_digest", sa.Text(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assessed_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("opens_at < closes_at", name=op.f("ck_cycle_window")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cycle")),
        sa.UniqueConstraint("code", name=op.f("uq_cycle_code")),
    )
    op.create_table(
        "edition_pull",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("programme_code", sa.Text(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition_pull")),
    )
    op.create_index(op.f("ix_edition_pull_client_id_at"), "edition_pull", ["client_id", "at"], unique=False)
    op.create_table(
        "enterprise",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("city_code", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("uscc ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'", name=op.f("ck_enterprise_uscc_format")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise")),
        sa.UniqueConstraint("uscc", name=op.f("uq_enterprise_uscc")),
    )
    op.create_table(
        "idempotency_record",
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("response", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("actor", "key", name=op.f("pk_idempotency_record")),
    )
    op.create_table(
        "list_programme",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("pool_code", sa.Text(), nullable=False),
        sa.Column("valid_days", sa.Integer(), nullable=False),
        sa.Column("valid_days_basis", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_list_programme")),
    )
    op.create_table(
        "outbox_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sends", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.CheckConstraint("processed_at IS NULL OR dead_at IS NULL", name=op.f("ck_outbox_event_one_end")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_event")),
    )
    op.create_index(
        "ix_outbox_event_due",
        "outbox_event",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("processed_at IS NULL AND dead_at IS NULL"),
    )
    op.create_table(
        "pool",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("cap", sa.Integer(), nullable=False),
        sa.Column("cap_basis", sa.Text(), nullable=False),
        sa.Column("live", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("live >= 0 AND live <= cap", name=op.f("ck_pool_within_cap")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_pool")),
    )
    op.create_table(
        "rulebook_version",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("rulebook_id", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_rulebook_version")),
    )
    op.create_table(
        "application",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("city_code", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("return_reasons", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'returned') = (return_reasons IS NOT NULL)", name=op.f("ck_application_return_has_reason")
        ),
        sa.CheckConstraint("status IN ('submitted', 'returned', 'recommended')", name=op.f("ck_application_status")),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_application_cycle_id_cycle")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_application_enterprise_id_enterprise")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
        sa.UniqueConstraint("cycle_id", "enterprise_id", name="uq_application_one_per_cycle"),
    )
    op.create_index(
        op.f("ix_application_cycle_id_city_code_id"), "application", ["cycle_id", "city_code", "id"], unique=False
    )
    op.create_table(
        "assessment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("snapshot_id", sa.Uuid(), nullable=False),
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("city_code", sa.Text(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("rulebook_digest", sa.Text(), nullable=False),
        sa.Column("assessed_on", sa.Date(), nullable=False),
        sa.Column("overall", sa.Text(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("receipt_digest", sa.Text(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("overall IN ('met', 'not_met', 'unknown', 'deviation')", name=op.f("ck_assessment_overall")),
        sa.ForeignKeyConstraint(
            ["rulebook_digest"],
            ["rulebook_version.digest"],
            name=op.f("fk_assessment_rulebook_digest_rulebook_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
        sa.UniqueConstraint("snapshot_id", "rulebook_digest", name=op.f("uq_assessment_snapshot_id_rulebook_digest")),
    )
    op.create_index(
        op.f("ix_assessment_cycle_id_overall_id"), "assessment", ["cycle_id", "overall", "id"], unique=False
    )
    op.create_index(
        "uq_assessment_current", "assessment", ["application_id"], unique=True, postgresql_where=sa.text("current")
    )
    op.create_table(
        "cycle_quota",
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("city_code", sa.Text(), nullable=False),
        sa.Column("maximum", sa.Integer(), nullable=False),
        sa.CheckConstraint("maximum >= 0", name=op.f("ck_cycle_quota_not_negative")),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_cycle_quota_cycle_id_cycle")),
        sa.PrimaryKeyConstraint("cycle_id", "city_code", name=op.f("pk_cycle_quota")),
    )
    op.create_table(
        "edition",
        sa.Column("programme_code", sa.Text(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entry_count", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("cause_event_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("issued_at < expires_at", name=op.f("ck_edition_expires_later")),
        sa.CheckConstraint("serial >= 1", name=op.f("ck_edition_serial_positive")),
        sa.ForeignKeyConstraint(
            ["programme_code"], ["list_programme.code"], name=op.f("fk_edition_programme_code_list_programme")
        ),
        sa.PrimaryKeyConstraint("programme_code", "serial", name=op.f("pk_edition")),
        sa.UniqueConstraint("programme_code", "cause_event_id", name=op.f("uq_edition_programme_code_cause_event_id")),
    )
    op.create_table(
        "list_subscription",
        sa.Column("programme_code", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_code"], ["list_programme.code"], name=op.f("fk_list_subscription_programme_code_list_programme")
        ),
        sa.PrimaryKeyConstraint("programme_code", "client_id", name=op.f("pk_list_subscription")),
    )
    op.create_table(
        "selection_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("pool_code", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("inputs_digest", sa.Text(), nullable=False),
        sa.Column("summary", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("committed_by", sa.Text(), nullable=True),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('frozen', 'approved', 'committed')", name=op.f("ck_selection_plan_status")),
        sa.CheckConstraint(
            "status NOT IN ('approved', 'committed') OR approved_by IS NOT NULL",
            name=op.f("ck_selection_plan_approved_before_commit"),
        ),
        sa.CheckConstraint("approved_by <> proposed_by", name=op.f("ck_selection_plan_second_person")),
        sa.ForeignKeyConstraint(["pool_code"], ["pool.code"], name=op.f("fk_selection_plan_pool_code_pool")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_selection_plan")),
    )
    op.create_index(
        "uq_selection_plan_committed_per_cycle",
        "selection_plan",
        ["cycle_id"],
        unique=True,
        postgresql_where=sa.text("status = 'committed'"),
    )
    op.create_table(
        "workbook_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("city_code", sa.Text(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("problem", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("warnings", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("rows_read", sa.Integer(), nullable=True),
        sa.Column("rows_accepted", sa.Integer(), nullable=True),
        sa.Column("rows_rejected", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status <> 'processed' OR rows_read = rows_accepted + rows_rejected",
            name=op.f("ck_workbook_import_every_row_accounted_for"),
        ),
        sa.CheckConstraint("status IN ('received', 'processed', 'refused')", name=op.f("ck_workbook_import_status")),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_workbook_import_cycle_id_cycle")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workbook_import")),
    )
    op.create_table(
        "application_snapshot",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("submitted_by", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_application_snapshot_application_id_application")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_snapshot")),
        sa.UniqueConstraint("application_id", "revision", name=op.f("uq_application_snapshot_application_id_revision")),
    )
    op.create_table(
        "criterion_result",
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('met', 'not_met', 'unknown', 'deviation')", name=op.f("ck_criterion_result_verdict")
        ),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessment.id"], name=op.f("fk_criterion_result_assessment_id_assessment")
        ),
        sa.PrimaryKeyConstraint("assessment_id", "number", name=op.f("pk_criterion_result")),
    )
    op.create_table(
        "deviation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(signed_by IS NULL) = (signed_at IS NULL)", name=op.f("ck_deviation_signature_whole")),
        sa.CheckConstraint("signed_by <> proposed_by", name=op.f("ck_deviation_second_person")),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessment.id"], name=op.f("fk_deviation_assessment_id_assessment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deviation")),
        sa.UniqueConstraint("assessment_id", "part", name=op.f("uq_deviation_assessment_id_part")),
    )
    op.create_table(
        "finding",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("met", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("found_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["assessment_id"], ["assessment.id"], name=op.f("fk_finding_assessment_id_assessment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
        sa.UniqueConstraint("assessment_id", "part", name=op.f("uq_finding_assessment_id_part")),
    )
    op.create_table(
        "membership",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pool_code", sa.Text(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("city_code", sa.Text(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("pool_code"), "="),
            (sa.column("uscc"), "="),
            (sa.column("during"), "&&"),
            using="gist",
            name="ex_membership_no_overlap",
        ),
        sa.CheckConstraint("NOT isempty(during)", name=op.f("ck_membership_not_empty")),
        sa.ForeignKeyConstraint(["plan_id"], ["selection_plan.id"], name=op.f("fk_membership_plan_id_selection_plan")),
        sa.ForeignKeyConstraint(["pool_code"], ["pool.code"], name=op.f("fk_membership_pool_code_pool")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
    )
    op.create_index(
        op.f("ix_membership_pool_code"),
        "membership",
        ["pool_code"],
        unique=False,
        postgresql_where=sa.text("upper_inf(during)"),
    )
    op.create_table(
        "rejected_row",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=True),
        sa.Column("violations", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["workbook_import.id"], name=op.f("fk_rejected_row_import_id_workbook_import")
        ),
        sa.PrimaryKeyConstraint("import_id", "position", name=op.f("pk_rejected_row")),
    )
    op.create_table(
        "selection_plan_entry",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("city_code", sa.Text(), nullable=False),
        sa.Column("admitted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("indicators", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "reason IN ('admitted', 'city_quota', 'pool_cap', 'already_member')",
            name=op.f("ck_selection_plan_entry_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessment.id"], name=op.f("fk_selection_plan_entry_assessment_id_assessment")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["selection_plan.id"], name=op.f("fk_selection_plan_entry_plan_id_selection_plan")
        ),
        sa.PrimaryKeyConstraint("plan_id", "uscc", name=op.f("pk_selection_plan_entry")),
        sa.UniqueConstraint("plan_id", "rank", name=op.f("uq_selection_plan_entry_plan_id_rank")),
    )


def downgrade() -> None:

    op.drop_table("selection_plan_entry")
    op.drop_table("rejected_row")
    op.drop_index(
        op.f("ix_membership_pool_code"), table_name="membership", postgresql_where=sa.text("upper_inf(during)")
    )
    op.drop_table("membership")
    op.drop_table("finding")
    op.drop_table("deviation")
    op.drop_table("criterion_result")
    op.drop_table("application_snapshot")
    op.drop_table("workbook_import")
    op.drop_index(
        "uq_selection_plan_committed_per_cycle",
        table_name="selection_plan",
        postgresql_where=sa.text("status = 'committed'"),
    )
    op.drop_table("selection_plan")
    op.drop_table("list_subscription")
    op.drop_table("edition")
    op.drop_table("cycle_quota")
    op.drop_index("uq_assessment_current", table_name="assessment", postgresql_where=sa.text("current"))
    op.drop_index(op.f("ix_assessment_cycle_id_overall_id"), table_name="assessment")
    op.drop_table("assessment")
    op.drop_index(op.f("ix_application_cycle_id_city_code_id"), table_name="application")
    op.drop_table("application")
    op.drop_table("rulebook_version")
    op.drop_table("pool")
    op.drop_index(
        "ix_outbox_event_due",
        table_name="outbox_event",
        postgresql_where=sa.text("processed_at IS NULL AND dead_at IS NULL"),
    )
    op.drop_table("outbox_event")
    op.drop_table("list_programme")
    op.drop_table("idempotency_record")
    op.drop_table("enterprise")
    op.drop_index(op.f("ix_edition_pull_client_id_at"), table_name="edition_pull")
    op.drop_table("edition_pull")
    op.drop_table("cycle")
    op.drop_index(op.f("ix_audit_entry_subject_type_subject_id"), table_name="audit_entry")
    op.drop_table("audit_entry")
    op.drop_table("api_client")
    op.drop_table("admission_quota")
