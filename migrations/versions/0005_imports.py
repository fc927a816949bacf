"""Imports of any format, with a result for each row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ROLE = "peiyu_intake"
_IMMUTABLE = ("import_chunk", "import_row")
_JSON = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())


def upgrade() -> None:
    _rename("workbook_import", "application_import")
    _any_format()
    _create_tables()
    # Workbooks read before this: their rejected rows are kept, of their accepted ones no record was made.
    op.execute(
        'INSERT INTO import_row (import_id, position, sheet, "row", uscc, outcome, violations) '
        "SELECT import_id, position, sheet, \"row\", uscc, 'rejected', violations FROM rejected_row"
    )
    op.drop_table("rejected_row")
    for table in _IMMUTABLE:
        _make_immutable(table)
    op.execute(f"GRANT SELECT, INSERT ON {', '.join(_IMMUTABLE)} TO {_ROLE}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON import_progress TO {_ROLE}")
    op.execute(f"REVOKE UPDATE, DELETE ON application_import FROM {_ROLE}")
    changing = "status, problem, warnings, rows_total, rows_read, rows_accepted, rows_rejected, finished_at"
    op.execute(f"GRANT UPDATE ({changing}) ON application_import TO {_ROLE}")


def _rename(old: str, new: str) -> None:
    op.rename_table(old, new)
    for suffix in ("pk_{}", "fk_{}_cycle_id_cycle", "ck_{}_status", "ck_{}_every_row_accounted_for"):
        op.execute(f"ALTER TABLE {new} RENAME CONSTRAINT {suffix.format(old)} TO {suffix.format(new)}")


def _any_format() -> None:
    op.add_column("application_import", sa.Column("format", sa.Text(), nullable=False, server_default="workbook"))
    op.add_column("application_import", sa.Column("mode", sa.Text(), nullable=False, server_default="accept_good"))
    op.add_column("application_import", sa.Column("max_error_share", sa.Float(), nullable=False, server_default="1"))
    op.add_column(
        "application_import", sa.Column("validate_only", sa.Boolean(), nullable=False, server_default="false")
    )
    op.add_column("application_import", sa.Column("rows_total", sa.Integer(), nullable=True))
    # The defaults were for the rows that existed; from now on the service says each.
    for column in ("format", "mode", "max_error_share", "validate_only"):
        op.alter_column("application_import", column, server_default=None)
    op.alter_column("application_import", "content", nullable=True)
    op.alter_column("application_import", "file_name", nullable=True)
    op.drop_constraint(op.f("ck_application_import_status"), "application_import")
    _check("application_import", "status", "status IN ('received', 'processed', 'stopped', 'refused')")
    _check("application_import", "format", "format IN ('workbook', 'ndjson')")
    _check("application_import", "mode", "mode IN ('accept_good', 'all_or_nothing')")
    _check("application_import", "max_error_share", "max_error_share BETWEEN 0 AND 1")
    _check(
        "application_import",
        "workbook_has_content",
        "(format = 'workbook') = (content IS NOT NULL) AND (format = 'workbook') = (file_name IS NOT NULL)",
    )
    _check(
        "application_import",
        "stopped_takes_none",
        "status <> 'stopped' OR (rows_accepted = 0 AND problem IS NOT NULL)",
    )
    op.create_index(op.f("ix_application_import_city_code_id"), "application_import", ["city_code", "id"])


def _check(table: str, name: str, condition: str) -> None:
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def _create_tables() -> None:
    op.create_table(
        "import_chunk",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first_line", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("number >= 0 AND first_line >= 1", name=op.f("ck_import_chunk_counted")),
        sa.ForeignKeyConstraint(
            ["import_id"], ["application_import.id"], name=op.f("fk_import_chunk_import_id_application_import")
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_chunk")),
    )
    op.create_table(
        "import_progress",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=True),
        sa.Column("rows_read", sa.Integer(), nullable=False),
        sa.Column("rows_accepted", sa.Integer(), nullable=False),
        sa.Column("rows_rejected", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["application_import.id"], name=op.f("fk_import_progress_import_id_application_import")
        ),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_import_progress")),
    )
    op.create_table(
        "import_row",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=True),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("violations", _JSON, nullable=True),
        sa.CheckConstraint("outcome IN ('accepted', 'rejected', 'held_back')", name=op.f("ck_import_row_outcome")),
        sa.CheckConstraint(
            "(outcome = 'rejected') = (violations IS NOT NULL)", name=op.f("ck_import_row_rejected_for_a_reason")
        ),
        sa.CheckConstraint(
            "application_id IS NULL OR outcome = 'accepted'", name=op.f("ck_import_row_application_of_accepted")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["application_import.id"], name=op.f("fk_import_row_import_id_application_import")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_import_row_application_id_application")
        ),
        sa.PrimaryKeyConstraint("import_id", "position", name=op.f("pk_import_row")),
    )
    op.create_index(
        op.f("ix_import_row_import_id_outcome_position"), "import_row", ["import_id", "outcome", "position"]
    )


def _make_immutable(table: str) -> None:
    op.execute(
        f"CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    _restore_rejected_rows()
    for table in ("import_row", "import_progress", "import_chunk"):
        op.drop_table(table)
    # What the earlier schema cannot say: imports of lines, and files that were read but not taken.
    op.execute("DELETE FROM application_import WHERE format = 'ndjson'")
    op.execute("UPDATE application_import SET status = 'refused' WHERE status = 'stopped'")
    op.drop_index(op.f("ix_application_import_city_code_id"), "application_import")
    for name in ("stopped_takes_none", "workbook_has_content", "max_error_share", "mode", "format", "status"):
        op.drop_constraint(op.f(f"ck_application_import_{name}"), "application_import")
    _check("application_import", "status", "status IN ('received', 'processed', 'refused')")
    op.alter_column("application_import", "file_name", nullable=False)
    op.alter_column("application_import", "content", nullable=False)
    for column in ("rows_total", "validate_only", "max_error_share", "mode", "format"):
        op.drop_column("application_import", column)
    _rename("application_import", "workbook_import")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON workbook_import TO {_ROLE}")


def _restore_rejected_rows() -> None:
    op.create_table(
        "rejected_row",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=True),
        sa.Column("violations", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["application_import.id"], name=op.f("fk_rejected_row_import_id_workbook_import")
        ),
        sa.PrimaryKeyConstraint("import_id", "position", name=op.f("pk_rejected_row")),
    )
    op.execute(
        'INSERT INTO rejected_row SELECT import_id, position, sheet, "row", uscc, violations FROM import_row '
        "WHERE outcome = 'rejected' AND sheet IS NOT NULL"
    )
    _make_immutable("rejected_row")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON rejected_row TO {_ROLE}")
