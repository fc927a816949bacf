"""What a reviewer may read of an application outside evaluation: nothing before having declared on its review."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# As the tables' owner: intake asks which applications a reviewer has open, and sees nothing else of any review.
_OPEN_TO = """
CREATE FUNCTION applications_open_to(subject text) RETURNS SETOF uuid LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT review.application_id
    FROM review JOIN review_declaration AS declaration ON declaration.review_id = review.id
    WHERE declaration.reviewer = person_of(subject) AND NOT declaration.conflict
        AND reviewer_bar(declaration.reviewer, review) IS NULL
$$
"""


def upgrade() -> None:
    op.execute(_OPEN_TO)
    op.execute("REVOKE ALL ON FUNCTION applications_open_to(text) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION applications_open_to(text) TO peiyu_intake")


def downgrade() -> None:
    op.execute("DROP FUNCTION applications_open_to(text)")
