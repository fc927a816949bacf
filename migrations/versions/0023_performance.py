"""Annual performance: cities' own figures, the frozen figures of a year, and what evaluation reads to compute them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_WHOSE = ("year", "city_code")
_REPORT_CHECKS = {
    "correction_has_reason": "(supersedes IS NULL) = (reason IS NULL)",
    "supersedes_another": "supersedes <> id",
    "figures_given": "jsonb_typeof(figures) = 'object' AND figures <> '{}'::jsonb",
    "figures_not_negative": (
        'NOT jsonb_path_exists(figures, \'$.* ? (@ < 0 || @.type() != "number" && @.type() != "null")\')'
    ),
    "year_in_range": "year BETWEEN 2000 AND 2999",
}
_FREEZE_CHECKS = {
    "digest_format": "digest ~ '^[0-9a-f]{64}$'",
    "year_over": "(frozen_at AT TIME ZONE 'Asia/Shanghai')::date > make_date(year, 12, 31)",
}
# Whether a report was in time.
_READ = {"progress_report": "submitted_at"}


def upgrade() -> None:
    op.create_table(
        "performance_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("city_code", sa.Text(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("supersedes", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reported_by", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.CheckConstraint(check, name=op.f(f"ck_performance_report_{name}"))
            for name, check in _REPORT_CHECKS.items()
        ),
        sa.ForeignKeyConstraint(
            ["supersedes", *_WHOSE],
            ["performance_report.id", *(f"performance_report.{name}" for name in _WHOSE)],
            name="fk_performance_report_supersedes_the_same",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_performance_report")),
        sa.UniqueConstraint("id", *_WHOSE, name="uq_performance_report_whose"),
        sa.UniqueConstraint("supersedes", name=op.f("uq_performance_report_supersedes")),
    )
    op.create_index(
        "uq_performance_report_first",
        "performance_report",
        list(_WHOSE),
        unique=True,
        postgresql_where=sa.text("supersedes IS NULL"),
    )
    op.create_table(
        "performance_freeze",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("frozen_by", sa.Text(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.CheckConstraint(check, name=op.f(f"ck_performance_freeze_{name}"))
            for name, check in _FREEZE_CHECKS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_performance_freeze")),
        sa.UniqueConstraint("year", name=op.f("uq_performance_freeze_year")),
    )
    for table in ("performance_report", "performance_freeze"):
        for name, when, each in (("immutable", "UPDATE OR DELETE", "ROW"), ("never_emptied", "TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH {each} EXECUTE FUNCTION refuse_change()"
            )
        op.execute(f"GRANT SELECT, INSERT ON {table} TO peiyu_evaluation")
    _close_frozen_years()
    for table, columns in _READ.items():
        op.execute(f"GRANT SELECT ({columns}) ON {table} TO peiyu_evaluation")


def _close_frozen_years() -> None:
    """Who freezes a year waits for cities that are reporting, and who reports after it is refused."""
    op.execute(
        """
        CREATE FUNCTION keep_performance_reports() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock_shared(hashtextextended('performance of ' || NEW.year, 0));
            IF EXISTS (SELECT FROM performance_freeze WHERE year = NEW.year) THEN
                RAISE EXCEPTION 'the year is frozen' USING
                    ERRCODE = 'check_violation', CONSTRAINT = 'performance_report_after_freeze';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER keep_performance_reports BEFORE INSERT ON performance_report FOR EACH ROW "
        "EXECUTE FUNCTION keep_performance_reports()"
    )
    op.execute(
        """
        CREATE FUNCTION keep_performance_freezes() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock(hashtextextended('performance of ' || NEW.year, 0));
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER keep_performance_freezes BEFORE INSERT ON performance_freeze FOR EACH ROW "
        "EXECUTE FUNCTION keep_performance_freezes()"
    )


def downgrade() -> None:
    for table, columns in _READ.items():
        op.execute(f"REVOKE SELECT ({columns}) ON {table} FROM peiyu_evaluation")  # noqa: S608 (names from this file)
    for table in ("performance_report", "performance_freeze"):
        op.drop_table(table)
    op.execute("DROP FUNCTION keep_performance_reports")
    op.execute("DROP FUNCTION keep_performance_freezes")
