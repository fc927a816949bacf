"""Enterprises with history: names, places, former codes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# SECURITY DEFINER: history is written by the database as the migrating login, and by no service's own hand.
_FUNCTIONS = (
    """
    CREATE FUNCTION refuse_superseded(superseded text) RETURNS void LANGUAGE plpgsql STABLE AS $$
    DECLARE present text;
    BEGIN
        SELECT enterprise.uscc INTO present FROM enterprise_code
        JOIN enterprise ON enterprise.id = enterprise_code.enterprise_id
        WHERE enterprise_code.code = superseded AND enterprise_code.kind <> 'current';
        IF FOUND THEN
            PERFORM refuse('uscc_superseded', present);
        END IF;
    END $$
    """,
    """
    CREATE FUNCTION refuse_superseded_enterprise() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM refuse_superseded(NEW.uscc);
        RETURN NEW;
    END $$
    """,
    # An application belongs to a living record; the lock makes it wait for a merge that is under way.
    """
    CREATE FUNCTION refuse_superseded_applicant() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE applicant enterprise;
    BEGIN
        SELECT * INTO applicant FROM enterprise WHERE id = NEW.enterprise_id FOR KEY SHARE;
        IF applicant.merged_into IS NOT NULL THEN
            PERFORM refuse_superseded(applicant.uscc);
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION keep_enterprise_history() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        moment timestamptz;
    BEGIN
        IF TG_OP = 'INSERT' THEN
            moment := clock_timestamp();
            INSERT INTO enterprise_code (code, scheme, enterprise_id, kind) VALUES (NEW.uscc, 'uscc', NEW.id, 'current')
            ON CONFLICT (code) DO NOTHING;
            IF NOT FOUND THEN
                -- The code was given to another record while this statement waited.
                PERFORM refuse_superseded(NEW.uscc);
                RAISE EXCEPTION 'the code has just come on record' USING ERRCODE = 'serialization_failure';
            END IF;
        ELSE
            IF NEW.uscc <> OLD.uscc AND NOT EXISTS (
                SELECT FROM enterprise_code WHERE code = NEW.uscc AND enterprise_id = NEW.id AND kind = 'current'
            ) THEN
                RAISE EXCEPTION 'enterprise.uscc is the current code' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            UPDATE enterprise_version
            SET during = tstzrange(lower(during), greatest(clock_timestamp(), lower(during) + interval '1 microsecond'))
            WHERE enterprise_id = NEW.id AND upper_inf(during)
            RETURNING upper(during) INTO moment;
        END IF;
        IF NEW.merged_into IS NULL THEN
            -- The clock, not the transaction's start: a row may change twice in one, or wait for another.
            IF moment IS NULL THEN -- living again
                SELECT greatest(clock_timestamp(), max(upper(during))) INTO moment
                FROM enterprise_version WHERE enterprise_id = NEW.id;
            END IF;
            INSERT INTO enterprise_version (enterprise_id, during, uscc, name, division_code, city_code)
            VALUES (NEW.id, tstzrange(moment, NULL), NEW.uscc, NEW.name, NEW.division_code, NEW.city_code);
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION keep_version_whole() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF upper_inf(OLD.during) AND lower(NEW.during) = lower(OLD.during) AND NOT upper_inf(NEW.during)
           AND (NEW.id, NEW.enterprise_id, NEW.uscc, NEW.name, NEW.division_code, NEW.city_code)
             = (OLD.id, OLD.enterprise_id, OLD.uscc, OLD.name, OLD.division_code, OLD.city_code) THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'a version is closed once and never changed' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE FUNCTION keep_change_whole() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.undone_at IS NULL AND NEW.undone_at IS NOT NULL
           AND to_jsonb(NEW) - '{undone_by,undone_at,undo_reason}'::text[]
             = to_jsonb(OLD) - '{undone_by,undone_at,undo_reason}'::text[] THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'a change is undone once and never changed' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    # A stay is kept under the code of its day; the same enterprise under another code is the same enterprise.
    """
    CREATE FUNCTION refuse_second_stay() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        PERFORM FROM enterprise WHERE id = (SELECT enterprise_id FROM enterprise_code WHERE code = NEW.uscc)
        FOR KEY SHARE;
        IF EXISTS (
            SELECT FROM enterprise_code mine
            JOIN enterprise_code other ON other.enterprise_id = mine.enterprise_id AND other.code <> mine.code
            JOIN membership ON membership.uscc = other.code
            WHERE mine.code = NEW.uscc AND membership.pool_code = NEW.pool_code AND membership.during && NEW.during
        ) THEN
            RAISE EXCEPTION 'the enterprise is a member under another code'
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'ex_membership_no_overlap';
        END IF;
        RETURN NEW;
    END $$
    """,
)
_CHANGED = " OR ".join(
    f"OLD.{column} IS DISTINCT FROM NEW.{column}"
    for column in ("uscc", "name", "division_code", "city_code", "merged_into")
)
# (table, trigger, what fires it)
_TRIGGERS = (
    ("enterprise", "code_superseded", "BEFORE INSERT {} FOR EACH ROW EXECUTE FUNCTION refuse_superseded_enterprise()"),
    (
        "enterprise",
        "merged_stays",
        (
            "BEFORE UPDATE {} FOR EACH ROW WHEN (OLD.merged_into IS NOT NULL AND NEW.merged_into IS NOT NULL) "
            "EXECUTE FUNCTION refuse_superseded_enterprise()"
        ),
    ),
    ("enterprise", "history_begun", "AFTER INSERT {} FOR EACH ROW EXECUTE FUNCTION keep_enterprise_history()"),
    (
        "enterprise",
        "history_kept",
        f"AFTER UPDATE {{}} FOR EACH ROW WHEN ({_CHANGED}) EXECUTE FUNCTION keep_enterprise_history()",
    ),
    ("application", "applicant_living", "BEFORE INSERT {} FOR EACH ROW EXECUTE FUNCTION refuse_superseded_applicant()"),
    ("enterprise_version", "kept_whole", "BEFORE UPDATE {} FOR EACH ROW EXECUTE FUNCTION keep_version_whole()"),
    ("enterprise_version", "immutable", "BEFORE DELETE {} FOR EACH ROW EXECUTE FUNCTION refuse_change()"),
    ("enterprise_version", "never_emptied", "BEFORE TRUNCATE {} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"),
    ("enterprise_change", "kept_whole", "BEFORE UPDATE {} FOR EACH ROW EXECUTE FUNCTION keep_change_whole()"),
    ("enterprise_change", "immutable", "BEFORE DELETE {} FOR EACH ROW EXECUTE FUNCTION refuse_change()"),
    ("enterprise_change", "never_emptied", "BEFORE TRUNCATE {} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"),
    ("membership", "one_stay", "BEFORE INSERT {} FOR EACH ROW EXECUTE FUNCTION refuse_second_stay()"),
)
_GRANTS = (
    "SELECT ON enterprise_version, enterprise_code, enterprise_change TO peiyu_intake",
    "INSERT, UPDATE (enterprise_id, kind, since, change_id), DELETE ON enterprise_code TO peiyu_intake",
    "INSERT, UPDATE (undone_by, undone_at, undo_reason) ON enterprise_change TO peiyu_intake",
    "SELECT ON enterprise_code, enterprise_version TO peiyu_evaluation",
    "SELECT ON enterprise_code TO peiyu_finance",
    "SELECT ON membership TO peiyu_intake",
    "SELECT (application_id, uscc) ON assessment TO peiyu_intake",
)


def upgrade() -> None:
    op.add_column("enterprise", sa.Column("merged_into", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_enterprise_merged_into_enterprise"), "enterprise", "enterprise", ["merged_into"], ["id"]
    )
    op.create_check_constraint(op.f("ck_enterprise_merged_into_another"), "enterprise", "merged_into <> id")
    op.create_index(
        op.f("ix_enterprise_merged_into"),
        "enterprise",
        ["merged_into"],
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    op.create_index(op.f("ix_application_enterprise_id"), "application", ["enterprise_id"])
    _create_version()
    _create_change()
    _create_code()
    # What is on record already begins its history on the day that it came.
    op.execute(
        "INSERT INTO enterprise_version (enterprise_id, during, uscc, name, division_code, city_code) "
        "SELECT id, tstzrange(created_at, NULL), uscc, name, division_code, city_code FROM enterprise"
    )
    op.execute(
        "INSERT INTO enterprise_code (code, scheme, enterprise_id, kind, since) "
        "SELECT uscc, 'uscc', id, 'current', created_at FROM enterprise"
    )
    for function in _FUNCTIONS:
        op.execute(function)
    for table, name, fired in _TRIGGERS:
        op.execute(f"CREATE TRIGGER {name} {fired.format(f'ON {table}')}")
    for grant in _GRANTS:
        op.execute(f"GRANT {grant}")


def _create_version() -> None:
    op.create_table(
        "enterprise_version",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("city_code", sa.Text(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("enterprise_id"), "="),
            (sa.column("during"), "&&"),
            using="gist",
            name="ex_enterprise_version_no_overlap",
        ),
        sa.CheckConstraint("NOT isempty(during)", name=op.f("ck_enterprise_version_not_empty")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_enterprise_version_enterprise_id_enterprise")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise_version")),
    )
    op.create_index(op.f("ix_enterprise_version_uscc"), "enterprise_version", ["uscc"])


def _create_change() -> None:
    op.create_table(
        "enterprise_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("into_id", sa.Uuid(), nullable=True),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("document_digest", sa.Text(), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undo_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('rename', 'relocation', 'code_change', 'merge')", name=op.f("ck_enterprise_change_kind")
        ),
        sa.CheckConstraint(
            "(kind = 'merge') = (into_id IS NOT NULL)", name=op.f("ck_enterprise_change_merge_has_into")
        ),
        sa.CheckConstraint("into_id <> enterprise_id", name=op.f("ck_enterprise_change_into_another")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_enterprise_change_reasoned")),
        sa.CheckConstraint("document_digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_enterprise_change_document_digest")),
        sa.CheckConstraint(
            "num_nulls(undone_by, undone_at, undo_reason) IN (0, 3)", name=op.f("ck_enterprise_change_undo_whole")
        ),
        sa.CheckConstraint("undone_at > made_at", name=op.f("ck_enterprise_change_undone_later")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_enterprise_change_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["into_id"], ["enterprise.id"], name=op.f("fk_enterprise_change_into_id_enterprise")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise_change")),
    )
    op.create_index(op.f("ix_enterprise_change_enterprise_id"), "enterprise_change", ["enterprise_id"])
    op.create_index(op.f("ix_enterprise_change_into_id"), "enterprise_change", ["into_id"])


def _create_code() -> None:
    op.create_table(
        "enterprise_code",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("change_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "scheme IN ('uscc', 'registration_no', 'organisation_code')", name=op.f("ck_enterprise_code_scheme")
        ),
        sa.CheckConstraint("kind IN ('current', 'former', 'merged')", name=op.f("ck_enterprise_code_kind")),
        sa.CheckConstraint("kind <> 'current' OR scheme = 'uscc'", name=op.f("ck_enterprise_code_current_is_uscc")),
        sa.CheckConstraint(
            "CASE scheme WHEN 'uscc' THEN code ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'"
            " WHEN 'registration_no' THEN code ~ '^[0-9]{15}$' ELSE code ~ '^[0-9A-Z]{8}[0-9X]$' END",
            name=op.f("ck_enterprise_code_code_format"),
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_enterprise_code_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(
            ["change_id"], ["enterprise_change.id"], name=op.f("fk_enterprise_code_change_id_enterprise_change")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_enterprise_code")),
    )
    op.create_index(
        "uq_enterprise_code_one_current",
        "enterprise_code",
        ["enterprise_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'current'"),
    )
    op.create_index(op.f("ix_enterprise_code_enterprise_id"), "enterprise_code", ["enterprise_id"])


def downgrade() -> None:
    for table, name, _ in reversed(_TRIGGERS):
        op.execute(f"DROP TRIGGER {name} ON {table}")
    for function in (
        "refuse_second_stay",
        "keep_change_whole",
        "keep_version_whole",
        "keep_enterprise_history",
        "refuse_superseded_applicant",
        "refuse_superseded_enterprise",
        "refuse_superseded",
    ):
        op.execute(f"DROP FUNCTION {function}")
    op.execute("REVOKE SELECT (application_id, uscc) ON assessment FROM peiyu_intake")
    op.execute("REVOKE SELECT ON membership FROM peiyu_intake")
    op.drop_table("enterprise_code")
    op.drop_table("enterprise_change")
    op.drop_table("enterprise_version")
    op.drop_index(op.f("ix_application_enterprise_id"), table_name="application")
    op.drop_index(op.f("ix_enterprise_merged_into"), table_name="enterprise")
    op.drop_column("enterprise", "merged_into")
