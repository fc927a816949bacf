"""The whole life of an application: drafts, sections, transitions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_OLD_STATUSES = "'submitted', 'returned', 'recommended'"
_STATUSES = "'draft', 'submitted', 'returned', 'recommended', 'not_recommended', 'passed_on', 'withdrawn'"
_SECTIONS = (
    "'enterprise', 'finance', 'people', 'qualifications', 'products', 'patents', 'collaborations', 'trademark_nos', "
    "'ip_management', 'declarations'"
)
# services/intake/applications/transitions.py says the same; a test walks all pairs and compares.
_FIRST = "'draft', 'submitted'"
_MOVES = """
    ('draft', 'submitted'), ('draft', 'withdrawn'),
    ('submitted', 'returned'), ('submitted', 'recommended'), ('submitted', 'not_recommended'),
    ('submitted', 'withdrawn'),
    ('returned', 'submitted'), ('returned', 'withdrawn'),
    ('recommended', 'passed_on'), ('recommended', 'returned'), ('recommended', 'withdrawn'),
    ('not_recommended', 'submitted'), ('not_recommended', 'withdrawn'),
    ('passed_on', 'returned'), ('passed_on', 'withdrawn'),
    ('withdrawn', 'submitted')
"""
_CHECKS = {
    "return_reopens": "(status = 'returned') = (reopened_sections IS NOT NULL)",
    "return_has_term": "(status = 'returned') = (correct_until IS NOT NULL)",
    "reopens_something": "cardinality(reopened_sections) >= 1",
    "decline_has_reason": "status <> 'not_recommended' OR status_reason IS NOT NULL",
    "draft_unsubmitted": "status <> 'draft' OR revision = 0",
    "revision_counts": "revision > 0 OR (revision = 0 AND status IN ('draft', 'withdrawn'))",
    "submitted_once_revised": "(revision = 0) = (submitted_at IS NULL)",
}
_REOPEN_RETURNED = f"""
    UPDATE application SET reopened_sections = ARRAY[{_SECTIONS}], correct_until = cycle.closes_at
    FROM cycle WHERE cycle.id = application.cycle_id AND status = 'returned'
"""  # noqa: S608 (our own words)
_CONFIRM_RECOMMENDED = f"""
    INSERT INTO section_confirmation (application_id, section, revision, confirmed_by, confirmed_at)
    SELECT id, section, revision, coalesce(decided_by, 'system'), coalesce(decided_at, now())
    FROM application, unnest(ARRAY[{_SECTIONS}]) AS section WHERE status = 'recommended'
"""  # noqa: S608 (our own words)
_FUNCTIONS = (
    """
    CREATE FUNCTION refuse_transition() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'an application does not become %', NEW.status
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_application_transition', TABLE = TG_TABLE_NAME;
    END $$
    """,
    # Where two JSON objects differ: by top-level field, and by pointer, one level deeper where both hold objects.
    # A member that is absent is one that is null.
    """
    CREATE FUNCTION changed_fields(before jsonb, after jsonb) RETURNS TABLE (field text, pointer text)
    LANGUAGE sql IMMUTABLE AS $$
        SELECT differing.key, concat('/', differing.key, '/' || member.key)
        FROM (
            SELECT key, old, new, jsonb_typeof(old) = 'object' AND jsonb_typeof(new) = 'object' AS nested
            FROM (
                SELECT key, coalesce(b.value, 'null') AS old, coalesce(a.value, 'null') AS new
                FROM jsonb_each(before) AS b FULL JOIN jsonb_each(after) AS a USING (key)
            ) AS fields
            WHERE old <> new
        ) AS differing
        LEFT JOIN LATERAL (
            SELECT key
            FROM jsonb_each(CASE WHEN nested THEN old END) AS b
            FULL JOIN jsonb_each(CASE WHEN nested THEN new END) AS a USING (key)
            WHERE coalesce(b.value, 'null') <> coalesce(a.value, 'null')
        ) AS member ON true
    $$
    """,
    # Functions, not parts of the submission's statement: a first submission calls neither, and plans neither.
    """
    CREATE FUNCTION is_returned(asked_cycle uuid, asked_uscc text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
    BEGIN
        RETURN EXISTS (
            SELECT FROM application JOIN enterprise ON enterprise.id = application.enterprise_id
            WHERE application.cycle_id = asked_cycle AND enterprise.uscc = asked_uscc AND application.status = 'returned'
        );
    END $$
    """,
    # True, or a refusal that says why not. Volatile, so that it sees the snapshot of a row that was waited for.
    f"""
    CREATE FUNCTION may_correct(
        corrected uuid, newest integer, reopened text[], correct_until timestamptz, payload_now jsonb
    ) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
    DECLARE strays text;
    BEGIN
        IF now() >= correct_until THEN
            PERFORM refuse('correction_overdue',
                           to_char(correct_until AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI (UTC+8)'));
        END IF;
        SELECT string_agg(change.pointer, ' ' ORDER BY change.pointer) INTO STRICT strays
        FROM application_snapshot AS earlier, changed_fields(earlier.payload, payload_now) AS change
        WHERE earlier.application_id = corrected AND earlier.revision = newest
              AND CASE WHEN change.field IN ({_SECTIONS}) THEN change.field ELSE 'enterprise' END <> ALL (reopened);
        IF strays IS NOT NULL THEN
            PERFORM refuse('section_not_reopened', strays);
        END IF;
        RETURN true;
    END $$
    """,  # noqa: S608 (our own words)
)
_TRIGGERS = {
    "begins": f"BEFORE INSERT ON application FOR EACH ROW WHEN (NEW.status NOT IN ({_FIRST}))",
    "moves": (
        "BEFORE UPDATE ON application FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status "
        f"AND (OLD.status, NEW.status) NOT IN ({_MOVES}))"
    ),
}
# What intake reads of others: the trail of its own acts, and whether a committed plan holds an application.
_READS = (
    "SELECT (id, at, service, actor, role, action, subject_type, subject_id, detail) ON audit_entry",
    "SELECT (id, cycle_id, status) ON selection_plan",
    "SELECT (plan_id, assessment_id) ON selection_plan_entry",
    "SELECT (id, application_id) ON assessment",
)


def upgrade() -> None:
    op.add_column("application", sa.Column("status_reason", sa.Text(), nullable=True))
    op.add_column("application", sa.Column("reopened_sections", postgresql.ARRAY(sa.Text()), nullable=True))
    op.add_column("application", sa.Column("correct_until", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("application", "submitted_at", nullable=True)
    # What was returned before this had no sections and no term but the cycle's.
    op.execute(_REOPEN_RETURNED)
    op.drop_constraint(op.f("ck_application_status"), "application")
    op.create_check_constraint(op.f("ck_application_status"), "application", f"status IN ({_STATUSES})")
    for name, condition in _CHECKS.items():
        op.create_check_constraint(op.f(f"ck_application_{name}"), "application", condition)
    _create_tables()
    op.execute(_CONFIRM_RECOMMENDED)
    for function in _FUNCTIONS:
        op.execute(function)
    for name, event in _TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {event} EXECUTE FUNCTION refuse_transition()")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON application_draft TO peiyu_intake")
    op.execute("GRANT SELECT, INSERT, DELETE ON section_confirmation TO peiyu_intake")
    # An application is withdrawn, never removed.
    op.execute("REVOKE DELETE ON application, application_snapshot FROM peiyu_intake")
    for read in _READS:
        op.execute(f"GRANT {read} TO peiyu_intake")


def _create_tables() -> None:
    op.create_table(
        "application_draft",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_application_draft_version_counts")),
        sa.CheckConstraint("jsonb_typeof(content) = 'object'", name=op.f("ck_application_draft_content_object")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_application_draft_application_id_application")
        ),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_application_draft")),
    )
    op.create_table(
        "section_confirmation",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(f"section IN ({_SECTIONS})", name=op.f("ck_section_confirmation_section")),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_section_confirmation_revision_submitted")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_section_confirmation_application_id_application")
        ),
        sa.PrimaryKeyConstraint("application_id", "section", name=op.f("pk_section_confirmation")),
    )


def downgrade() -> None:
    for read in _READS:
        op.execute(f"REVOKE {read} FROM peiyu_intake")
    op.execute("GRANT DELETE ON application, application_snapshot TO peiyu_intake")
    for name in _TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON application")
    op.execute("DROP FUNCTION refuse_transition")
    for function in ("may_correct", "is_returned", "changed_fields"):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_table("section_confirmation")
    op.drop_table("application_draft")
    for name in _CHECKS:
        op.drop_constraint(op.f(f"ck_application_{name}"), "application")
    op.drop_constraint(op.f("ck_application_status"), "application")
    # What the earlier schema cannot say: a draft was nothing yet, and what had ended goes back to the enterprise.
    op.execute("DELETE FROM application WHERE revision = 0")
    op.execute("UPDATE application SET status = 'recommended' WHERE status = 'passed_on'")
    op.execute(
        "UPDATE application SET status = 'returned', return_reasons = jsonb_build_object('items', "
        "jsonb_build_array(jsonb_build_object('field', '', 'reason', coalesce(status_reason, status)))) "
        "WHERE status IN ('not_recommended', 'withdrawn')"
    )
    op.create_check_constraint(op.f("ck_application_status"), "application", f"status IN ({_OLD_STATUSES})")
    op.alter_column("application", "submitted_at", nullable=False)
    for column in ("status_reason", "reopened_sections", "correct_until"):
        op.drop_column("application", column)
