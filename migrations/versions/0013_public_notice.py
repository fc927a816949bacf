"""Public notice (公示): objections, appeals, kept places."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_ROLE = "peiyu_evaluation"
_EVIDENCED = "document IS NOT NULL OR jsonb_array_length(evidence) > 0"
_DECISION = {
    "has_grounds": "grounds <> ''",
    "has_evidence": _EVIDENCED,
    "decided": "(status = 'open') = (num_nonnulls(decided_by, decided_at, decision_reason) = 0)",
    "decision_whole": "num_nonnulls(decided_by, decided_at, decision_reason) IN (0, 3)",
}
_TABLES = ("kept_place", "appeal", "objector", "objection", "public_notice_entry", "public_notice")
_IMMUTABLE = ("public_notice_entry", "objector")
# The fixed rest of each table is nobody's to change.
_UPDATES = {
    "public_notice": "ended_by, ended_at",
    "objection": "status, decided_by, decided_at, decision_reason",
    "appeal": "status, decided_by, decided_at, decision_reason, reopened_as",
    "kept_place": "outcome, released_at",
}
# What the named read of evidence looks at.
_EVIDENCE = "SELECT (id, application_id, enterprise_id, digest, removed_at) ON attachment"
_TODAY = "(%s AT TIME ZONE 'Asia/Shanghai')::date"
_FUNCTIONS = (
    """
    CREATE FUNCTION refuse_as(broken text) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '%', broken USING ERRCODE = 'check_violation', CONSTRAINT = broken;
    END $$
    """,
    # Inclusive of the last day, by the clock in China; never about a plan whose places are given.
    f"""
    CREATE FUNCTION keep_objection_within_window() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM FROM public_notice AS n JOIN selection_plan AS p ON p.id = n.plan_id
        WHERE n.id = NEW.notice_id AND n.ended_at IS NULL AND p.status = 'under_notice'
              AND {_TODAY % "NEW.recorded_at"} BETWEEN n.starts_on AND n.ends_on;
        IF NOT FOUND THEN PERFORM refuse_as('ck_objection_within_window'); END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION keep_objection_decision() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.status <> 'open' THEN PERFORM refuse_as('ck_objection_decided_once'); END IF;
        PERFORM FROM public_notice AS n JOIN selection_plan AS p ON p.id = n.plan_id
        WHERE n.id = NEW.notice_id AND NEW.decided_by IN (p.proposed_by, p.approved_by);
        IF FOUND THEN PERFORM refuse_as('ck_objection_decided_by_another'); END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION keep_appeal_decision() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.status <> 'open' THEN PERFORM refuse_as('ck_appeal_decided_once'); END IF;
        IF NEW.decided_by IN (
            SELECT found_by FROM finding WHERE assessment_id = NEW.assessment_id
            UNION ALL SELECT unnest(ARRAY[proposed_by, signed_by]) FROM deviation
            WHERE assessment_id = NEW.assessment_id
            UNION ALL SELECT unnest(ARRAY[p.proposed_by, p.approved_by])
            FROM public_notice AS n JOIN selection_plan AS p ON p.id = n.plan_id WHERE n.id = NEW.notice_id
        ) THEN PERFORM refuse_as('ck_appeal_decided_by_another'); END IF;
        RETURN NEW;
    END $$
    """,
    f"""
    CREATE FUNCTION keep_plan_under_notice() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM FROM public_notice
        WHERE plan_id = NEW.id AND ended_at IS NULL AND {_TODAY % "NEW.committed_at"} <= ends_on;
        IF FOUND THEN PERFORM refuse_as('ck_selection_plan_notice_over'); END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION keep_out_objected() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM FROM public_notice AS n
        JOIN public_notice_entry AS e ON e.notice_id = n.id AND e.uscc = NEW.uscc
        JOIN objection AS o ON o.notice_id = e.notice_id AND o.assessment_id = e.assessment_id
        WHERE n.plan_id = NEW.plan_id AND o.status <> 'dismissed';
        IF FOUND THEN PERFORM refuse_as('ck_membership_not_objected'); END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION count_kept_places() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        UPDATE pool SET kept = kept + CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END WHERE code = NEW.pool_code;
        RETURN NULL;
    END $$
    """,
)
# (name, table): when, and the function.
_TRIGGERS = {
    ("within_window", "objection"): ("BEFORE INSERT", "", "keep_objection_within_window"),
    ("decision", "objection"): ("BEFORE UPDATE", "", "keep_objection_decision"),
    ("decision", "appeal"): ("BEFORE UPDATE", "", "keep_appeal_decision"),
    ("notice_over", "selection_plan"): (
        "BEFORE UPDATE",
        "WHEN (NEW.status = 'committed' AND OLD.status <> 'committed')",
        "keep_plan_under_notice",
    ),
    ("not_objected", "membership"): ("BEFORE INSERT", "", "keep_out_objected"),
    ("count_kept", "kept_place"): ("AFTER INSERT", "WHEN (NEW.released_at IS NULL)", "count_kept_places"),
    ("count_released", "kept_place"): (
        "AFTER UPDATE",
        "WHEN (OLD.released_at IS NULL AND NEW.released_at IS NOT NULL)",
        "count_kept_places",
    ),
    ("release_is_final", "kept_place"): ("BEFORE UPDATE", "WHEN (OLD.released_at IS NOT NULL)", "refuse_change"),
    ("end_is_final", "public_notice"): ("BEFORE UPDATE", "WHEN (OLD.ended_at IS NOT NULL)", "refuse_change"),
}


def upgrade() -> None:
    _plans("'frozen', 'approved', 'under_notice', 'committed'", "status = 'frozen' OR approved_by IS NOT NULL")
    op.add_column("pool", sa.Column("kept", sa.Integer(), server_default="0", nullable=False))
    _cap("live >= 0 AND kept >= 0 AND live + kept <= cap")
    op.add_column("assessment", sa.Column("reopening", sa.Integer(), server_default="0", nullable=False))
    op.drop_constraint("uq_assessment_snapshot_id_rulebook_digest", "assessment")
    op.create_unique_constraint(
        "uq_assessment_snapshot_id_rulebook_digest_reopening",
        "assessment",
        ["snapshot_id", "rulebook_digest", "reopening"],
    )
    _notices()
    _objections()
    _appeals()
    _kept_places()
    _guard()


def _plans(statuses: str, approved: str) -> None:
    for name, condition in (("status", f"status IN ({statuses})"), ("approved_before_commit", approved)):
        op.drop_constraint(op.f(f"ck_selection_plan_{name}"), "selection_plan")
        op.create_check_constraint(op.f(f"ck_selection_plan_{name}"), "selection_plan", condition)


def _cap(condition: str) -> None:
    op.drop_constraint(op.f("ck_pool_within_cap"), "pool")
    op.create_check_constraint(op.f("ck_pool_within_cap"), "pool", condition)


def _texts(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _checks(table: str, checks: dict[str, str]) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}")) for name, condition in checks.items()]


def _key(table: str, column: str, to: str, key: str = "id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.{key}"], name=op.f(f"fk_{table}_{column}_{to}"))


def _notices() -> None:
    op.create_table(
        "public_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_texts("number"),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        *_texts("title"),
        sa.Column("working_days", sa.Integer(), nullable=False),
        *_texts("basis"),
        *(sa.Column(name, sa.Date(), nullable=False) for name in ("starts_on", "ends_on", "appeals_until")),
        *_texts("digest", "published_by"),
        _moment("published_at"),
        *_texts("ended_by", nullable=True),
        _moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_notice")),
        sa.UniqueConstraint("number", name=op.f("uq_public_notice_number")),
        sa.UniqueConstraint("plan_id", name=op.f("uq_public_notice_plan_id")),
        sa.UniqueConstraint("year", "sequence", name=op.f("uq_public_notice_year_sequence")),
        _key("public_notice", "plan_id", "selection_plan"),
        *_checks(
            "public_notice",
            {
                "sequence_positive": "sequence >= 1",
                "window": "starts_on <= ends_on AND starts_on <= appeals_until",
                "length": "working_days >= 0 AND (working_days > 0) = (starts_on < ends_on)",
                "has_basis": "basis <> ''",
                "end_whole": "num_nonnulls(ended_by, ended_at) IN (0, 2)",
                "runs_its_length": "ended_at IS NULL OR working_days = 0",
            },
        ),
    )
    op.create_index(op.f("ix_public_notice_cycle_id_id"), "public_notice", ["cycle_id", "id"])
    op.create_table(
        "public_notice_entry",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        *_texts("uscc", "name", "city_code", "city_name"),
        sa.PrimaryKeyConstraint("notice_id", "assessment_id", name=op.f("pk_public_notice_entry")),
        sa.UniqueConstraint("notice_id", "uscc", name=op.f("uq_public_notice_entry_notice_id_uscc")),
        _key("public_notice_entry", "notice_id", "public_notice"),
        _key("public_notice_entry", "assessment_id", "assessment"),
    )


def _objections() -> None:
    op.create_table(
        "objection",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("id", "notice_id", "assessment_id")),
        *_texts("grounds"),
        *_texts("document", nullable=True),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        *_texts("status", "recorded_by"),
        _moment("recorded_at"),
        *_texts("decided_by", nullable=True),
        _moment("decided_at", nullable=True),
        *_texts("decision_reason", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
        sa.ForeignKeyConstraint(
            ["notice_id", "assessment_id"],
            ["public_notice_entry.notice_id", "public_notice_entry.assessment_id"],
            name="fk_objection_public_notice_entry",
        ),
        *_checks(
            "objection",
            _DECISION
            | {
                "status": "status IN ('open', 'upheld', 'dismissed')",
                "second_person": "decided_by <> recorded_by",
            },
        ),
    )
    columns = ["notice_id", "assessment_id", "status"]
    op.create_index(op.f("ix_objection_notice_id_assessment_id_status"), "objection", columns)
    op.create_table(
        "objector",
        sa.Column("objection_id", sa.Uuid(), nullable=False),
        *_texts("name", "contact"),
        sa.PrimaryKeyConstraint("objection_id", name=op.f("pk_objector")),
        _key("objector", "objection_id", "objection"),
    )


def _appeals() -> None:
    op.create_table(
        "appeal",
        *(
            sa.Column(name, sa.Uuid(), nullable=False)
            for name in ("id", "application_id", "assessment_id", "notice_id")
        ),
        *_texts("uscc", "city_code", "grounds"),
        *_texts("document", nullable=True),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        *_texts("status", "submitted_by"),
        _moment("submitted_at"),
        *_texts("decided_by", nullable=True),
        _moment("decided_at", nullable=True),
        *_texts("decision_reason", nullable=True),
        sa.Column("reopened_as", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal")),
        _key("appeal", "assessment_id", "assessment"),
        _key("appeal", "notice_id", "public_notice"),
        _key("appeal", "reopened_as", "assessment"),
        *_checks(
            "appeal",
            _DECISION
            | {
                "status": "status IN ('open', 'accepted', 'rejected')",
                "second_person": "decided_by <> submitted_by",
                "accepted_reopens": "(status = 'accepted') = (reopened_as IS NOT NULL)",
            },
        ),
    )
    one_open = sa.text("status = 'open'")
    op.create_index("uq_appeal_open", "appeal", ["application_id"], unique=True, postgresql_where=one_open)
    op.create_index(op.f("ix_appeal_city_code_id"), "appeal", ["city_code", "id"])
    op.create_index(op.f("ix_appeal_notice_id"), "appeal", ["notice_id"])


def _kept_places() -> None:
    op.create_table(
        "kept_place",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("plan_id", "assessment_id")),
        *_texts("pool_code"),
        _moment("kept_at"),
        *_texts("outcome", nullable=True),
        _moment("released_at", nullable=True),
        sa.PrimaryKeyConstraint("plan_id", "assessment_id", name=op.f("pk_kept_place")),
        _key("kept_place", "plan_id", "selection_plan"),
        _key("kept_place", "assessment_id", "assessment"),
        _key("kept_place", "pool_code", "pool", "code"),
        *_checks(
            "kept_place",
            {
                "outcome": "outcome IN ('admitted', 'struck')",
                "release_whole": "(outcome IS NULL) = (released_at IS NULL)",
            },
        ),
    )


def _guard() -> None:
    for function in _FUNCTIONS:
        op.execute(function)
    for (name, table), (when, condition, function) in _TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW {condition} EXECUTE FUNCTION {function}()")
    for table in _TABLES:
        event = "UPDATE OR DELETE" if table in _IMMUTABLE else "DELETE"
        op.execute(f"CREATE TRIGGER immutable BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(f"GRANT SELECT, INSERT ON {', '.join(_TABLES)} TO {_ROLE}")
    for table, columns in _UPDATES.items():
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO {_ROLE}")
    op.execute(f"GRANT {_EVIDENCE} TO {_ROLE}")


def downgrade() -> None:
    op.execute(f"REVOKE {_EVIDENCE} FROM {_ROLE}")
    for name, table in _TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON {table}")
    for table in _TABLES:
        op.drop_table(table)
    for function in (
        "keep_objection_within_window",
        "keep_objection_decision",
        "keep_appeal_decision",
        "keep_plan_under_notice",
        "keep_out_objected",
        "count_kept_places",
        "refuse_as(text)",
    ):
        op.execute(f"DROP FUNCTION {function}")
    # Only what was never reopened can be told apart by snapshot and rulebook; the reopened judgement goes.
    for table in ("finding", "deviation", "criterion_result", "selection_plan_entry"):
        _unguarded(
            f"DELETE FROM {table} USING assessment WHERE assessment.id = assessment_id AND reopening > 0",  # noqa: S608
            table,
        )
    op.execute("DELETE FROM assessment WHERE reopening > 0")
    op.execute(
        "UPDATE assessment AS a SET current = true WHERE id = (SELECT max(id::text)::uuid FROM assessment AS b "
        "WHERE b.application_id = a.application_id HAVING NOT bool_or(b.current))"
    )
    op.drop_constraint("uq_assessment_snapshot_id_rulebook_digest_reopening", "assessment")
    op.create_unique_constraint(
        "uq_assessment_snapshot_id_rulebook_digest", "assessment", ["snapshot_id", "rulebook_digest"]
    )
    op.drop_column("assessment", "reopening")
    _cap("live >= 0 AND live <= cap")
    op.drop_column("pool", "kept")
    op.execute("UPDATE selection_plan SET status = 'approved' WHERE status = 'under_notice'")
    _plans("'frozen', 'approved', 'committed'", "status NOT IN ('approved', 'committed') OR approved_by IS NOT NULL")


def _unguarded(statement: str, table: str) -> None:
    """Run a statement that the table's triggers would refuse."""
    op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    op.execute(statement)
    op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
