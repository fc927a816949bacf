"""One role per service with write grants on its own tables; triggers that keep history and the pool's count."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OWNED = {
    "peiyu_intake": (
        "cycle",
        "cycle_quota",
        "enterprise",
        "application",
        "application_snapshot",
        "workbook_import",
        "rejected_row",
    ),
    "peiyu_evaluation": (
        "rulebook_version",
        "assessment",
        "criterion_result",
        "finding",
        "deviation",
        "pool",
        "selection_plan",
        "selection_plan_entry",
        "admission_quota",
        "membership",
    ),
    "peiyu_finance": ("list_programme", "list_subscription", "edition", "edition_pull"),
}
# What a service reads of the others, through the named reads of shared/models/reads.
READ = {
    "peiyu_evaluation": ("cycle", "cycle_quota", "enterprise", "application", "application_snapshot"),
    "peiyu_finance": ("enterprise", "pool", "membership", "selection_plan"),
    "peiyu_intake": ("rulebook_version",),
}
IMMUTABLE = ("application_snapshot", "edition", "audit_entry", "rulebook_version", "finding", "rejected_row")


def upgrade() -> None:
    for role in (*OWNED, "peiyu_relay"):
        # Roles belong to the cluster: another database of it may have made them already.
        op.execute(
            f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; "
            "END $$"
        )
        op.execute(f"GRANT {role} TO CURRENT_USER WITH SET TRUE")
        op.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
        op.execute(f"GRANT SELECT ON alembic_version TO {role}")
    for role, tables in OWNED.items():
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(tables)} TO {role}")
        if READ[role]:
            op.execute(f"GRANT SELECT ON {', '.join(READ[role])} TO {role}")
        op.execute(f"GRANT SELECT ON api_client TO {role}")
        op.execute(f"GRANT INSERT ON audit_entry TO {role}")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON outbox_event, idempotency_record TO {role}")
    # Receipts, caps and stays are narrower than their tables: only what a use case changes may be changed.
    op.execute("REVOKE UPDATE, DELETE ON assessment, pool, membership FROM peiyu_evaluation")
    op.execute("GRANT UPDATE (overall, current) ON assessment TO peiyu_evaluation")
    op.execute("GRANT UPDATE (live) ON pool TO peiyu_evaluation")
    op.execute("GRANT UPDATE (during) ON membership TO peiyu_evaluation")
    op.execute("GRANT SELECT, UPDATE ON outbox_event TO peiyu_relay")
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% rows are never changed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    for table in IMMUTABLE:
        op.execute(
            f"CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    for table in IMMUTABLE:
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    # For statements that do everything at once: a refusal rolls back all of it. shared/errors.py reads the code.
    op.execute(
        """
        CREATE FUNCTION refuse(code text, detail text DEFAULT '') RETURNS text LANGUAGE plpgsql VOLATILE AS $$
        BEGIN
            RAISE EXCEPTION USING ERRCODE = 'PY001', MESSAGE = code, DETAIL = detail;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION count_live_memberships() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP <> 'INSERT' AND upper_inf(OLD.during) THEN
                UPDATE pool SET live = live - 1 WHERE code = OLD.pool_code;
            END IF;
            IF TG_OP <> 'DELETE' AND upper_inf(NEW.during) THEN
                UPDATE pool SET live = live + 1 WHERE code = NEW.pool_code;
            END IF;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER count_live AFTER INSERT OR UPDATE OR DELETE ON membership "
        "FOR EACH ROW EXECUTE FUNCTION count_live_memberships()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER count_live ON membership")
    op.execute("DROP FUNCTION count_live_memberships")
    for table in IMMUTABLE:
        op.execute(f"DROP TRIGGER immutable ON {table}")
        op.execute(f"DROP TRIGGER never_emptied ON {table}")
    op.execute("DROP FUNCTION refuse_change")
    op.execute("DROP FUNCTION refuse")
    for role, tables in OWNED.items():
        everything = (*tables, *READ[role], "api_client", "audit_entry", "outbox_event", "idempotency_record")
        op.execute(f"REVOKE ALL ON {', '.join(everything)}, alembic_version FROM {role}")
    op.execute("REVOKE ALL ON outbox_event, alembic_version FROM peiyu_relay")
