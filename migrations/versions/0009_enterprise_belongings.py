"""What belongs to an enterprise goes with it in a merge; evidence that is referred to is evidence that exists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BELONGINGS = ("attachment", "business_notice", "incident", "major_problem", "progress_report")
# (table, generated column, the JSON column that names the attachment)
REFERENCES = (
    ("incident_step", "attachment_id", "document"),
    ("business_notice", "source_attachment_id", "source"),
    ("business_notice", "removal_attachment_id", "removal_source"),
)
_DIGESTS = "SELECT (id, application_id, criterion, digest, created_at, removed_at) ON attachment"
# A row that changes hands and nothing else makes no step; keep_to_transitions() is otherwise as it was.
_HANDS = (
    " AND (TG_OP = 'INSERT' OR to_jsonb(NEW) -> 'enterprise_id' = to_jsonb(OLD) -> 'enterprise_id'"
    " OR to_jsonb(NEW) - 'enterprise_id' <> to_jsonb(OLD) - 'enterprise_id')"
)
_FINAL = "(OLD.held_at IS NOT NULL AND NEW.held_at IS NULL)"
_REMOVED_FOR_EVER = f"OLD.removed_at IS NOT NULL OR {_FINAL}"
_REMOVED_MAY_CHANGE_HANDS = (
    "(OLD.removed_at IS NOT NULL AND (OLD.enterprise_id IS NOT DISTINCT FROM NEW.enterprise_id "
    "OR (OLD.removed_at, OLD.removed_by, OLD.held_at) IS DISTINCT FROM (NEW.removed_at, NEW.removed_by, NEW.held_at))) "
    f"OR {_FINAL}"
)


# Named like a constraint, so that a refusal is read back as one; the lock waits for a merge that is under way.
_REFUSE_MERGED = """
    CREATE FUNCTION refuse_merged_owner() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM FROM enterprise WHERE id = NEW.enterprise_id AND merged_into IS NULL FOR KEY SHARE;
        IF NOT FOUND AND NEW.enterprise_id IS NOT NULL THEN
            RAISE EXCEPTION 'nothing is added to a merged enterprise'
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'owner_living';
        END IF;
        RETURN NEW;
    END $$
"""


def upgrade() -> None:
    op.execute(_REFUSE_MERGED)
    for table in BELONGINGS:
        op.execute(f"GRANT UPDATE (enterprise_id) ON {table} TO peiyu_intake")
        op.execute(
            f"CREATE TRIGGER owner_living BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_merged_owner()"
        )
    _keep_to_transitions(_HANDS)
    _removal_is_final(_REMOVED_MAY_CHANGE_HANDS)
    for table, column, document in REFERENCES:
        op.add_column(
            table,
            sa.Column(
                column,
                sa.Uuid(),
                sa.Computed(f"({document} ->> 'attachment_id'::text)::uuid", persisted=True),
                nullable=True,
            ),
        )
        # What was recorded before may name a file that was never here: such rows are history, and not checked.
        op.create_foreign_key(
            op.f(f"fk_{table}_{column}_attachment"),
            table,
            "attachment",
            [column],
            ["id"],
            postgresql_not_valid=True,
        )
    op.execute(f"GRANT {_DIGESTS} TO peiyu_evaluation")


def _keep_to_transitions(but: str) -> None:
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION keep_to_transitions() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            pair text := CASE WHEN TG_OP = 'INSERT' THEN '' ELSE OLD.status END || '>' || NEW.status;
        BEGIN
            IF pair <> ALL (TG_ARGV){but} THEN
                RAISE EXCEPTION '% may not go %', TG_TABLE_NAME, pair
                    USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_transitions';
            END IF;
            RETURN NEW;
        END $$
        """
    )


def _removal_is_final(refused: str) -> None:
    op.execute("DROP TRIGGER removal_is_final ON attachment")
    op.execute(
        "CREATE TRIGGER removal_is_final BEFORE UPDATE ON attachment FOR EACH ROW "
        f"WHEN ({refused}) EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.execute(f"REVOKE {_DIGESTS} FROM peiyu_evaluation")
    for table, column, _ in reversed(REFERENCES):
        op.drop_column(table, column)
    _removal_is_final(_REMOVED_FOR_EVER)
    _keep_to_transitions("")
    for table in BELONGINGS:
        op.execute(f"DROP TRIGGER owner_living ON {table}")
        op.execute(f"REVOKE UPDATE (enterprise_id) ON {table} FROM peiyu_intake")
    op.execute("DROP FUNCTION refuse_merged_owner")
