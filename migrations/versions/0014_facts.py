"""What is known about an enterprise, by whom and since when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_WHAT = ("uscc", "fact", "source", "as_of")
_CHECKS = {
    "source": "source IN ('registry', 'city_verified')",
    "one_value": "num_nonnulls(flag, number, choice) <= 1",
    "number_in_range": "number BETWEEN 0 AND 1000000000000000",
    "retraction_has_no_value": "retracts IS NULL OR num_nonnulls(flag, number, choice) = 0",
    "retracts_another": "retracts <> id",
    "registry_by_province": "source <> 'registry' OR city_code IS NULL",
    "as_of_not_future": "as_of <= (stated_at AT TIME ZONE 'Asia/Shanghai')::date",
    "evidence_whole": "(attachment_id IS NULL) = (evidence_digest IS NULL)",
    "evidence_digest": "evidence_digest ~ '^[0-9a-f]{64}$'",
    "basis_given": "basis <> ''",
}
# What was judged before was judged by the form alone: the section of its receipt is canonical JSON already.
_DIGEST_WHAT_WAS_JUDGED = r"""
    UPDATE assessment SET inputs_digest = encode(sha256(convert_to(
        coalesce(substring(receipt from '"facts":(\{[^{}]*\}),"format":'), receipt), 'UTF8')), 'hex')
"""
_KEY_BEFORE = "uq_assessment_snapshot_id_rulebook_digest_reopening"
_KEY = "uq_assessment_judgement"


def upgrade() -> None:
    _create_statements()
    op.add_column("assessment", sa.Column("inputs_digest", sa.Text(), nullable=True))
    op.add_column("assessment", sa.Column("conflicts", sa.SmallInteger(), server_default="0", nullable=False))
    op.execute(_DIGEST_WHAT_WAS_JUDGED)
    op.alter_column("assessment", "inputs_digest", nullable=False)
    op.alter_column("assessment", "conflicts", server_default=None)
    op.drop_constraint(_KEY_BEFORE, "assessment")
    op.create_unique_constraint(_KEY, "assessment", ["snapshot_id", "rulebook_digest", "inputs_digest", "reopening"])
    op.create_check_constraint(op.f("ck_assessment_conflicts_counted"), "assessment", "conflicts >= 0")
    op.create_index(
        "ix_assessment_in_conflict",
        "assessment",
        ["cycle_id", "id"],
        postgresql_where=sa.text("current AND conflicts > 0"),
    )


def _create_statements() -> None:
    op.create_table(
        "fact_statement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("flag", sa.Boolean(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("choice", sa.Text(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("attachment_id", sa.Uuid(), nullable=True),
        sa.Column("evidence_digest", sa.Text(), nullable=True),
        sa.Column("city_code", sa.Text(), nullable=True),
        sa.Column("stated_by", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("retracts", sa.Uuid(), nullable=True),
        *(sa.CheckConstraint(check, name=op.f(f"ck_fact_statement_{name}")) for name, check in _CHECKS.items()),
        sa.ForeignKeyConstraint(
            ["retracts", *_WHAT],
            ["fact_statement.id", *(f"fact_statement.{name}" for name in _WHAT)],
            name="fk_fact_statement_retracts_the_same",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_statement")),
        sa.UniqueConstraint("id", *_WHAT, name="uq_fact_statement_what"),
        sa.UniqueConstraint("retracts", name=op.f("uq_fact_statement_retracts")),
    )
    op.create_index(op.f("ix_fact_statement_uscc_fact"), "fact_statement", ["uscc", "fact"])
    for name, when, each in (("immutable", "UPDATE OR DELETE", "ROW"), ("never_emptied", "TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {when} ON fact_statement FOR EACH {each} EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        """
        CREATE FUNCTION keep_retractions() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM fact_statement WHERE id = NEW.retracts AND retracts IS NOT NULL) THEN
                RAISE EXCEPTION 'a retraction is not retracted' USING
                    ERRCODE = 'check_violation', CONSTRAINT = 'fact_statement_retracts_a_statement';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER keep_retractions BEFORE INSERT ON fact_statement FOR EACH ROW "
        "WHEN (NEW.retracts IS NOT NULL) EXECUTE FUNCTION keep_retractions()"
    )
    op.execute("GRANT SELECT, INSERT ON fact_statement TO peiyu_evaluation")


def downgrade() -> None:
    op.drop_index("ix_assessment_in_conflict", "assessment")
    op.drop_constraint(_KEY, "assessment")
    # Superseded twins of one snapshot and rulebook cannot all be kept under the older key: going back is refused then.
    op.create_unique_constraint(_KEY_BEFORE, "assessment", ["snapshot_id", "rulebook_digest", "reopening"])
    op.drop_column("assessment", "conflicts")
    op.drop_column("assessment", "inputs_digest")
    op.drop_table("fact_statement")
    op.execute("DROP FUNCTION keep_retractions")
