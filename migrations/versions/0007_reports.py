"""Progress reports, incidents and major problems."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# What the service may change of each table's rows; without a column here a row stays as it was inserted.
CHANGEABLE = {
    "reporting_period": (),
    "progress_report": (
        "status",
        "revision",
        "version",
        "draft",
        "return_reasons",
        "submitted_at",
        "decided_by",
        "decided_at",
    ),
    "progress_report_snapshot": (),
    "major_problem": ("status", "acknowledged_by", "acknowledged_at", "answer", "settled_by", "settled_at"),
    "incident": ("status", "confirmed_by", "confirmed_at", "cured_on", "cured_at"),
    "incident_step": (),
    "business_notice": ("removed_on", "removal_source"),
}
IMMUTABLE = ("progress_report_snapshot", "incident_step")
# The same pairs as in the transitions.py of each capability; a test compares every pair with what the database does.
TRANSITIONS = {
    "progress_report": (
        ">draft",
        "draft>draft",
        "draft>submitted",
        "submitted>returned",
        "submitted>accepted",
        "returned>returned",
        "returned>submitted",
        "accepted>returned",
    ),
    "major_problem": (">reported", "reported>acknowledged", "acknowledged>settled"),
    "incident": (">alleged", "alleged>confirmed", "alleged>dismissed", "confirmed>cured"),
}


def upgrade() -> None:
    _create_reports()
    _create_major_problems()
    _create_incidents()
    _keep_history()
    _keep_to_transitions()
    for table, columns in CHANGEABLE.items():
        op.execute(f"GRANT SELECT, INSERT ON {table} TO peiyu_intake")
        if columns:
            op.execute(f"GRANT UPDATE ({', '.join(columns)}) ON {table} TO peiyu_intake")
    # Who was a member when, and which incidents stand: no more than the named reads of shared/models/reads use.
    op.execute("GRANT SELECT (pool_code, uscc, during) ON membership TO peiyu_intake")
    op.execute(
        "GRANT SELECT (id, enterprise_id, kind, occurred_on, confirmed_at, cured_on, cured_at) ON incident "
        "TO peiyu_evaluation, peiyu_finance"
    )


def _keep_history() -> None:
    for table in IMMUTABLE:
        op.execute(
            f"CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _keep_to_transitions() -> None:
    # Named like a constraint, so that a refusal is read back as one.
    op.execute(
        """
        CREATE FUNCTION keep_to_transitions() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            pair text := CASE WHEN TG_OP = 'INSERT' THEN '' ELSE OLD.status END || '>' || NEW.status;
        BEGIN
            IF pair <> ALL (TG_ARGV) THEN
                RAISE EXCEPTION '% may not go %', TG_TABLE_NAME, pair
                    USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_transitions';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    for table, pairs in TRANSITIONS.items():
        arguments = ", ".join(f"'{pair}'" for pair in pairs)
        op.execute(
            f"CREATE TRIGGER transitions BEFORE INSERT OR UPDATE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION keep_to_transitions({arguments})"
        )


def _create_reports() -> None:
    op.create_table(
        "reporting_period",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("pool_code", sa.Text(), nullable=False),
        sa.Column("covers_from", sa.Date(), nullable=False),
        sa.Column("covers_to", sa.Date(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("covers_from <= covers_to", name=op.f("ck_reporting_period_covers_days")),
        sa.CheckConstraint("opens_at < closes_at", name=op.f("ck_reporting_period_window")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reporting_period")),
        sa.UniqueConstraint("code", name=op.f("uq_reporting_period_code")),
    )
    op.create_table(
        "progress_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("period_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("draft", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("return_reasons", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(status = 'draft') = (revision = 0)", name=op.f("ck_progress_report_submitted_has_snapshot")
        ),
        sa.CheckConstraint(
            "(status = 'returned') = (return_reasons IS NOT NULL)", name=op.f("ck_progress_report_return_has_reason")
        ),
        sa.CheckConstraint(
            "(status IN ('draft', 'returned')) = (draft IS NOT NULL)",
            name=op.f("ck_progress_report_draft_while_editable"),
        ),
        sa.CheckConstraint(
            "(status IN ('returned', 'accepted')) = (decided_by IS NOT NULL)",
            name=op.f("ck_progress_report_decision_has_officer"),
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'submitted', 'returned', 'accepted')", name=op.f("ck_progress_report_status")
        ),
        sa.CheckConstraint(
            "(decided_by IS NULL) = (decided_at IS NULL)", name=op.f("ck_progress_report_decision_whole")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_progress_report_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(
            ["period_id"], ["reporting_period.id"], name=op.f("fk_progress_report_period_id_reporting_period")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_progress_report")),
        sa.UniqueConstraint("period_id", "enterprise_id", name="uq_progress_report_one_per_period"),
    )
    op.create_index(op.f("ix_progress_report_enterprise_id"), "progress_report", ["enterprise_id"], unique=False)
    op.create_table(
        "progress_report_snapshot",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("city_code", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("submitted_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["progress_report.id"], name=op.f("fk_progress_report_snapshot_report_id_progress_report")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_progress_report_snapshot")),
        sa.UniqueConstraint("report_id", "revision", name=op.f("uq_progress_report_snapshot_report_id_revision")),
    )


def _create_major_problems() -> None:
    op.create_table(
        "major_problem",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_code", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=True),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reported_by", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'reported') = (acknowledged_by IS NULL)", name=op.f("ck_major_problem_acknowledged_has_officer")
        ),
        sa.CheckConstraint(
            "(status = 'settled') = (answer IS NOT NULL)", name=op.f("ck_major_problem_settled_has_answer")
        ),
        sa.CheckConstraint("severity IN ('notable', 'major', 'critical')", name=op.f("ck_major_problem_severity")),
        sa.CheckConstraint("status IN ('reported', 'acknowledged', 'settled')", name=op.f("ck_major_problem_status")),
        sa.CheckConstraint(
            "(acknowledged_by IS NULL) = (acknowledged_at IS NULL)", name=op.f("ck_major_problem_acknowledgement_whole")
        ),
        sa.CheckConstraint("(answer IS NULL) = (settled_at IS NULL)", name=op.f("ck_major_problem_answer_has_time")),
        sa.CheckConstraint("(answer IS NULL) = (settled_by IS NULL)", name=op.f("ck_major_problem_answer_has_officer")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_major_problem_enterprise_id_enterprise")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_major_problem")),
    )
    op.create_index(op.f("ix_major_problem_city_code_id"), "major_problem", ["city_code", "id"], unique=False)
    op.create_index(
        "ix_major_problem_unsettled",
        "major_problem",
        ["id"],
        unique=False,
        postgresql_where=sa.text("status <> 'settled'"),
    )


def _create_incidents() -> None:
    op.create_table(
        "business_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("listed_on", sa.Date(), nullable=False),
        sa.Column("source", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("removed_on", sa.Date(), nullable=True),
        sa.Column("removal_source", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("enterprise_id"), "="),
            (sa.column("kind"), "="),
            (sa.text("daterange(listed_on, removed_on, '[]')"), "&&"),
            using="gist",
            name="ex_business_notice_no_overlap",
        ),
        sa.CheckConstraint("kind IN ('abnormal_operations')", name=op.f("ck_business_notice_kind")),
        sa.CheckConstraint(
            "(removed_on IS NULL) = (removal_source IS NULL)", name=op.f("ck_business_notice_removal_has_source")
        ),
        sa.CheckConstraint("listed_on <= removed_on", name=op.f("ck_business_notice_listed_before_removal")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_business_notice_enterprise_id_enterprise")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_notice")),
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("alleged_by", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cured_on", sa.Date(), nullable=True),
        sa.Column("cured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(status = 'cured') = (cured_on IS NOT NULL)", name=op.f("ck_incident_cured_has_date")),
        sa.CheckConstraint(
            "(status IN ('confirmed', 'cured')) = (confirmed_by IS NOT NULL)",
            name=op.f("ck_incident_confirmed_by_somebody"),
        ),
        sa.CheckConstraint(
            "kind IN ('safety_accident', 'serious_dishonesty', 'tax_evasion', 'data_falsification', 'abnormal_patent_filings', 'other_violation')",
            name=op.f("ck_incident_kind"),
        ),
        sa.CheckConstraint("status IN ('alleged', 'confirmed', 'dismissed', 'cured')", name=op.f("ck_incident_status")),
        sa.CheckConstraint(
            "(confirmed_by IS NULL) = (confirmed_at IS NULL)", name=op.f("ck_incident_confirmation_whole")
        ),
        sa.CheckConstraint("(cured_on IS NULL) = (cured_at IS NULL)", name=op.f("ck_incident_cure_whole")),
        sa.CheckConstraint("confirmed_by <> alleged_by", name=op.f("ck_incident_second_person")),
        sa.CheckConstraint("occurred_on <= cured_on", name=op.f("ck_incident_occurred_before_cure")),
        sa.CheckConstraint("occurred_on <= reported_on", name=op.f("ck_incident_occurred_before_report")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_incident_enterprise_id_enterprise")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    op.create_index(op.f("ix_incident_enterprise_id"), "incident", ["enterprise_id"], unique=False)
    op.create_index(
        "uq_incident_one_open",
        "incident",
        ["enterprise_id", "kind", "occurred_on"],
        unique=True,
        postgresql_where=sa.text("status IN ('alleged', 'confirmed')"),
    )
    op.create_table(
        "incident_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(act = 'allege') = (number = 1)", name=op.f("ck_incident_step_first_alleges")),
        sa.CheckConstraint("act = 'dismiss' OR document IS NOT NULL", name=op.f("ck_incident_step_has_document")),
        sa.CheckConstraint("act IN ('allege', 'confirm', 'dismiss', 'cure')", name=op.f("ck_incident_step_act")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_incident_step_incident_id_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_step")),
        sa.UniqueConstraint("incident_id", "number", name=op.f("uq_incident_step_incident_id_number")),
    )


def downgrade() -> None:
    op.execute("REVOKE SELECT (pool_code, uscc, during) ON membership FROM peiyu_intake")
    op.drop_table("progress_report_snapshot")
    op.drop_table("incident_step")
    op.drop_table("progress_report")
    op.drop_table("major_problem")
    op.drop_table("incident")
    op.drop_table("business_notice")
    op.drop_table("reporting_period")
    op.execute("DROP FUNCTION keep_to_transitions")
