"""A file that a finding, an objection, an appeal or a statement of a fact rests on is kept: it cannot be removed."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# Table: an SQL expression over its row for the ids of the files.
_RESTING = {
    "finding": "SELECT (one ->> 'attachment_id')::uuid FROM jsonb_array_elements({row}.evidence) AS one",
    "objection": "SELECT (one ->> 'attachment_id')::uuid FROM jsonb_array_elements({row}.evidence) AS one",
    "appeal": "SELECT (one ->> 'attachment_id')::uuid FROM jsonb_array_elements({row}.evidence) AS one",
    "fact_statement": "SELECT {row}.attachment_id",
}


def upgrade() -> None:
    for table, ids in _RESTING.items():
        # As the files' owner: evaluation may say that it rests on one, by resting on it, and nothing else.
        op.execute(
            f"""
            CREATE FUNCTION hold_evidence_of_{table}() RETURNS trigger LANGUAGE plpgsql
            SECURITY DEFINER SET search_path = public, pg_temp AS $$
            BEGIN
                UPDATE attachment SET held_at = now()
                WHERE held_at IS NULL AND id IN ({ids.format(row="NEW")});
                RETURN NULL;
            END $$
            """  # noqa: S608 (names from this file)
        )
        op.execute(
            f"CREATE TRIGGER hold_evidence AFTER INSERT ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION hold_evidence_of_{table}()"
        )
        op.execute(
            f"UPDATE attachment SET held_at = now() WHERE held_at IS NULL AND removed_at IS NULL AND id IN "  # noqa: S608
            f"(SELECT resting.id FROM {table} AS r, LATERAL ({ids.format(row='r')}) AS resting (id))"
        )


def downgrade() -> None:
    for table in _RESTING:
        op.execute(f"DROP TRIGGER hold_evidence ON {table}")
        op.execute(f"DROP FUNCTION hold_evidence_of_{table}")
