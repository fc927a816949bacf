"""Latest editions are given again from memory: changes to them, and to the right to them, are announced."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# Whatever changes what a client is answered: the list, its recalls, who may pull it, and who the client is.
_ANNOUNCED = ("edition", "edition_recall", "list_programme", "list_subscription", "api_client")


def upgrade() -> None:
    op.add_column("edition_pull", sa.Column("times", sa.Integer(), server_default="1", nullable=False))
    op.create_check_constraint(op.f("ck_edition_pull_times"), "edition_pull", "times >= 1")
    op.execute(
        """
        CREATE FUNCTION announce_lists_changed() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            -- Delivered with the commit, and once however many statements announce it.
            PERFORM pg_notify('lists_changed', '');
            RETURN NULL;
        END
        $$
        """
    )
    for table in _ANNOUNCED:
        op.execute(
            f"CREATE TRIGGER announce_lists_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION announce_lists_changed()"
        )


def downgrade() -> None:
    for table in _ANNOUNCED:
        op.execute(f"DROP TRIGGER announce_lists_changed ON {table}")
    op.execute("DROP FUNCTION announce_lists_changed()")
    op.drop_column("edition_pull", "times")
