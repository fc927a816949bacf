"""Quotas with minimum and maximum, reserved places, scores in selection plans; the database counts a city's places."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_COUNTS = "admitted = (reason = 'admitted') AND admitted = (seat IS NOT NULL)"
_REASONS = "'admitted', 'city_quota', 'pool_cap', 'already_member'"


def upgrade() -> None:
    _cycles()
    _plans()
    _counting()


def _cycles() -> None:
    op.add_column("cycle_quota", sa.Column("minimum", sa.Integer(), server_default="0", nullable=False))
    op.create_check_constraint("minimum_within", "cycle_quota", "minimum BETWEEN 0 AND maximum")
    op.create_table(
        "cycle_reserve",
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=True),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("unused", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.CheckConstraint("places > 0", name=op.f("ck_cycle_reserve_positive")),
        sa.CheckConstraint("unused IN ('shared', 'empty')", name=op.f("ck_cycle_reserve_unused")),
        sa.CheckConstraint(
            "condition IS NOT NULL OR unused = 'empty'", name=op.f("ck_cycle_reserve_held_back_stays_empty")
        ),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_cycle_reserve_cycle_id_cycle")),
        sa.PrimaryKeyConstraint("cycle_id", "position", name=op.f("pk_cycle_reserve")),
        sa.UniqueConstraint(
            "cycle_id",
            "condition",
            name=op.f("uq_cycle_reserve_cycle_id_condition"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.execute("GRANT SELECT, INSERT ON cycle_reserve TO peiyu_intake")
    op.execute("GRANT SELECT ON cycle_reserve TO peiyu_evaluation")


def _plans() -> None:
    op.add_column("selection_plan", sa.Column("allocation", postgresql.JSONB(), nullable=True))
    op.add_column("selection_plan", sa.Column("valid_until", sa.Date(), nullable=True))
    # What was computed under other rules and not committed is to be computed again.
    op.execute(
        "UPDATE selection_plan "
        "SET valid_until = (COALESCE(committed_at, created_at) AT TIME ZONE 'Asia/Shanghai')::date"
    )
    op.alter_column("selection_plan", "valid_until", nullable=False)
    op.create_check_constraint(
        "committed_while_valid",
        "selection_plan",
        "committed_at IS NULL OR (committed_at AT TIME ZONE 'Asia/Shanghai')::date <= valid_until",
    )
    op.create_index(op.f("ix_selection_plan_cycle_id_id"), "selection_plan", ["cycle_id", "id"])
    op.add_column("selection_plan_entry", sa.Column("seat", sa.Text(), nullable=True))
    op.add_column("selection_plan_entry", sa.Column("condition", sa.Text(), nullable=True))
    op.add_column("selection_plan_entry", sa.Column("score", postgresql.JSONB(), nullable=True))
    op.execute("UPDATE selection_plan_entry SET seat = 'shared' WHERE admitted")
    op.drop_constraint(op.f("ck_selection_plan_entry_reason"), "selection_plan_entry")
    op.create_check_constraint("reason", "selection_plan_entry", f"reason IN ({_REASONS}, 'reserved', 'minimum')")
    op.create_check_constraint("seat", "selection_plan_entry", "seat IN ('reserved', 'minimum', 'shared')")
    op.create_check_constraint("seat_if_admitted", "selection_plan_entry", _COUNTS)
    op.create_check_constraint(
        "condition_if_reserved",
        "selection_plan_entry",
        "(condition IS NOT NULL) = (seat IS NOT NULL AND seat = 'reserved')",
    )


def _counting() -> None:
    # The counts change by the triggers alone, which act as the tables' owner: no service can set them to what it likes.
    op.execute("ALTER FUNCTION count_live_memberships() SECURITY DEFINER SET search_path = public, pg_temp")
    op.execute("REVOKE UPDATE (live) ON pool FROM peiyu_evaluation")
    # Locking the pool's row takes the right to update some column of it; the title decides nothing.
    op.execute("GRANT UPDATE (title) ON pool TO peiyu_evaluation")
    op.execute("REVOKE INSERT, UPDATE, DELETE ON admission_quota FROM peiyu_evaluation")
    # First of all that an admission does: whoever admits waits for the pool before it holds anything another waits for.
    op.execute(
        """
        CREATE FUNCTION wait_for_pool() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            PERFORM FROM pool WHERE code = NEW.pool_code FOR NO KEY UPDATE;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER a_wait_for_pool BEFORE INSERT ON membership FOR EACH ROW EXECUTE FUNCTION wait_for_pool()"
    )
    op.execute(
        """
        CREATE FUNCTION use_admission_quota() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            INSERT INTO admission_quota (cycle_id, city_code, maximum, used)
            SELECT quota.cycle_id, quota.city_code, quota.maximum, 1
            FROM selection_plan AS plan JOIN cycle_quota AS quota USING (cycle_id)
            WHERE plan.id = NEW.plan_id AND quota.city_code = NEW.city_code
            ON CONFLICT (cycle_id, city_code) DO UPDATE SET used = admission_quota.used + 1;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER use_quota AFTER INSERT ON membership FOR EACH ROW EXECUTE FUNCTION use_admission_quota()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER use_quota ON membership")
    op.execute("DROP FUNCTION use_admission_quota")
    op.execute("DROP TRIGGER a_wait_for_pool ON membership")
    op.execute("DROP FUNCTION wait_for_pool")
    op.execute("GRANT INSERT, UPDATE, DELETE ON admission_quota TO peiyu_evaluation")
    op.execute("REVOKE UPDATE (title) ON pool FROM peiyu_evaluation")
    op.execute("GRANT UPDATE (live) ON pool TO peiyu_evaluation")
    op.execute("ALTER FUNCTION count_live_memberships() SECURITY INVOKER RESET search_path")
    for name in ("condition_if_reserved", "seat_if_admitted", "seat", "reason"):
        op.drop_constraint(op.f(f"ck_selection_plan_entry_{name}"), "selection_plan_entry")
    # The words of before know the cap only for those whom a promise to others kept out.
    op.execute("UPDATE selection_plan_entry SET reason = 'pool_cap' WHERE reason IN ('reserved', 'minimum')")
    op.create_check_constraint("reason", "selection_plan_entry", f"reason IN ({_REASONS})")
    for column in ("score", "condition", "seat"):
        op.drop_column("selection_plan_entry", column)
    op.drop_index(op.f("ix_selection_plan_cycle_id_id"), "selection_plan")
    op.drop_constraint(op.f("ck_selection_plan_committed_while_valid"), "selection_plan")
    op.drop_column("selection_plan", "valid_until")
    op.drop_column("selection_plan", "allocation")
    op.drop_table("cycle_reserve")
    op.drop_constraint(op.f("ck_cycle_quota_minimum_within"), "cycle_quota")
    op.drop_column("cycle_quota", "minimum")
