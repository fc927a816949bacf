"""The support ledger, and what evaluation reads of progress reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_WHOSE = ("uscc", "city_code")
_CHECKS = {
    "source": "source IN ('city', 'province', 'report')",
    "city_named": "(source = 'city') = (by_city IS NOT NULL)",
    "report_named": (
        "num_nonnulls(report_id, report_revision, source_key) = CASE source WHEN 'report' THEN 3 ELSE 0 END"
    ),
    "amount_in_range": "amount_fen BETWEEN 0 AND 1000000000000000",
    "not_in_future": "happened_on <= (recorded_at AT TIME ZONE 'Asia/Shanghai')::date",
    "correction_has_reason": "(corrects IS NULL) = (reason IS NULL)",
    "withdrawal_corrects": "NOT withdrawn OR corrects IS NOT NULL",
    "withdrawal_empty": "NOT withdrawn OR num_nonnulls(happened_on, provider, subject, amount_fen, claim) = 0",
    "recorded_whole": "withdrawn OR source = 'report' OR num_nulls(happened_on, provider, claim) = 0",
    "corrects_another": "corrects <> id",
}
# What evaluation reads of reports: accepted ones only, through named reads.
_READ = {
    "progress_report": "id, period_id, enterprise_id, status, revision, decided_at",
    "progress_report_snapshot": "report_id, revision, city_code, payload",
    "reporting_period": "id, code, title, pool_code, covers_from, covers_to",
}


def upgrade() -> None:
    op.create_table(
        "support_action",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("city_code", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("by_city", sa.Text(), nullable=True),
        sa.Column("happened_on", sa.Date(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("claim", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("corrects", sa.Uuid(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("report_id", sa.Uuid(), nullable=True),
        sa.Column("report_revision", sa.Integer(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        *(sa.CheckConstraint(check, name=op.f(f"ck_support_action_{name}")) for name, check in _CHECKS.items()),
        sa.ForeignKeyConstraint(
            ["corrects", *_WHOSE],
            ["support_action.id", *(f"support_action.{name}" for name in _WHOSE)],
            name="fk_support_action_corrects_the_same",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_action")),
        sa.UniqueConstraint("id", *_WHOSE, name="uq_support_action_whose"),
        sa.UniqueConstraint("corrects", name=op.f("uq_support_action_corrects")),
        sa.UniqueConstraint("source_key", name=op.f("uq_support_action_source_key")),
    )
    op.create_index(op.f("ix_support_action_uscc"), "support_action", ["uscc"])
    op.create_index(op.f("ix_support_action_kind_city_code_id"), "support_action", ["kind", "city_code", "id"])
    op.create_index(
        "ix_support_action_claim", "support_action", ["claim"], postgresql_where=sa.text("claim IS NOT NULL")
    )
    op.create_index(
        "ix_support_action_report", "support_action", ["report_id"], postgresql_where=sa.text("report_id IS NOT NULL")
    )
    for name, when, each in (("immutable", "UPDATE OR DELETE", "ROW"), ("never_emptied", "TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {when} ON support_action FOR EACH {each} EXECUTE FUNCTION refuse_change()"
        )
    _guard()
    op.execute("GRANT SELECT, INSERT ON support_action TO peiyu_evaluation")
    for table, columns in _READ.items():
        op.execute(f"GRANT SELECT ({columns}) ON {table} TO peiyu_evaluation")
    # Reports that were accepted before there was a ledger are taken from as well.
    op.execute(
        """
        INSERT INTO outbox_event (id, event_id, topic, consumer, payload, created_at)
        SELECT uuidv7(), uuidv7(), 'intake.progress_report_decided', 'evaluation.take_report_support',
               jsonb_build_object('report_id', id), now()
        FROM progress_report WHERE status = 'accepted'
        """
    )


def _guard() -> None:
    """One chain of corrections per action, and whoever records waits for others who record the same enterprise."""
    op.execute(
        """
        CREATE FUNCTION holder_of_code(wanted text) RETURNS text LANGUAGE sql STABLE AS $$
            SELECT coalesce((SELECT enterprise_id::text FROM enterprise_code WHERE code = wanted), wanted)
        $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION keep_support_actions() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            holder text := holder_of_code(NEW.uscc);
            before support_action;
        BEGIN
            PERFORM pg_advisory_xact_lock(hashtextextended('support of ' || holder, 0));
            NEW.recorded_at := clock_timestamp();
            IF NEW.corrects IS NOT NULL THEN
                SELECT * INTO before FROM support_action WHERE id = NEW.corrects;
                IF before.withdrawn THEN
                    RAISE EXCEPTION 'a withdrawal is not corrected' USING
                        ERRCODE = 'check_violation', CONSTRAINT = 'support_action_withdrawn_already';
                END IF;
                IF (before.source = 'report') <> (NEW.source = 'report') THEN
                    RAISE EXCEPTION 'what a report says is corrected by the report' USING
                        ERRCODE = 'check_violation', CONSTRAINT = 'support_action_of_a_report';
                END IF;
            END IF;
            -- A report is taken as it is: what it repeats is shown as repeated, and counted once.
            IF NEW.source <> 'report' AND EXISTS (
                SELECT FROM support_action AS other
                WHERE other.claim = NEW.claim AND other.id IS DISTINCT FROM NEW.corrects
                    AND holder_of_code(other.uscc) = holder
                    AND NOT EXISTS (SELECT FROM support_action AS later WHERE later.corrects = other.id)
            ) THEN
                RAISE EXCEPTION 'claimed already' USING
                    ERRCODE = 'unique_violation', CONSTRAINT = 'support_action_claimed_once';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER keep_support_actions BEFORE INSERT ON support_action FOR EACH ROW "
        "EXECUTE FUNCTION keep_support_actions()"
    )


def downgrade() -> None:
    op.execute("DELETE FROM outbox_event WHERE consumer = 'evaluation.take_report_support'")
    for table, columns in _READ.items():
        op.execute(f"REVOKE SELECT ({columns}) ON {table} FROM peiyu_evaluation")  # noqa: S608 (names from this file)
    op.drop_table("support_action")
    op.execute("DROP FUNCTION keep_support_actions")
    op.execute("DROP FUNCTION holder_of_code")
