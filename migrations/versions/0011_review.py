"""Who reviews what: conflicts of interest, assignment, findings with evidence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_IMMUTABLE = ("review_assignment", "review_declaration")
_MOMENT = sa.DateTime(timezone=True)
# One person, however a token writes the name: width and case folded, blanks and unseen characters left out.
_PERSON_OF = r"""
CREATE FUNCTION person_of(subject text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT regexp_replace(
        casefold(normalize(subject, NFKC) COLLATE pg_unicode_fast),
        '[\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]',
        '', 'g')
$$
"""
# Why a person may not act on a review; NULL where nothing bars them.
_BAR = """
CREATE FUNCTION reviewer_bar(who text, about review) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN EXISTS (
            SELECT FROM review_declaration d JOIN review r ON r.id = d.review_id
            WHERE d.reviewer = who AND d.conflict AND (r.id = about.id OR r.uscc = about.uscc)
        ) THEN 'conflict_of_interest'
        WHEN who = person_of(about.recommended_by)
            OR EXISTS (SELECT FROM reviewer WHERE person = who AND home_city_code = about.city_code) THEN 'own_city'
        WHEN NOT EXISTS (SELECT FROM reviewer WHERE person = who AND active) THEN 'not_a_reviewer'
    END
$$
"""
_REFUSE = """
CREATE FUNCTION refuse_standing(code text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF code IS NOT NULL THEN
        RAISE EXCEPTION 'no standing: %', code USING ERRCODE = 'check_violation', CONSTRAINT = 'standing_' || code;
    END IF;
END $$
"""
_ASSIGNEE = """
CREATE FUNCTION check_assignee() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refuse_standing(reviewer_bar(NEW.assignee, NEW));
    RETURN NEW;
END $$
"""
# The assessment's row is locked first, as the use cases do: a finding and a signature see one another.
_CLEAR = """
CREATE FUNCTION standing_bar(who text, of_assessment uuid, assigned boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    about review;
    bar text;
BEGIN
    PERFORM FROM assessment WHERE id = of_assessment FOR UPDATE;
    SELECT * INTO about FROM review WHERE assessment_id = of_assessment FOR NO KEY UPDATE;
    IF about.id IS NULL THEN
        RETURN 'not_assigned';
    END IF;
    bar := reviewer_bar(who, about);
    IF bar IS NOT NULL THEN
        RETURN bar;
    ELSIF assigned AND about.assignee IS DISTINCT FROM who THEN
        RETURN 'not_assigned';
    ELSIF NOT EXISTS (SELECT FROM review_declaration WHERE review_id = about.id AND reviewer = who) THEN
        RETURN 'declaration_missing';
    END IF;
    RETURN NULL;
END $$
"""
_FINDING = """
CREATE FUNCTION check_finding() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before finding;
BEGIN
    IF NEW.carried_from IS NULL THEN
        PERFORM refuse_standing(standing_bar(person_of(NEW.found_by), NEW.assessment_id, true));
        NEW.reviewer_city := (SELECT home_city_code FROM reviewer WHERE person = person_of(NEW.found_by));
    ELSE
        SELECT * INTO before FROM finding WHERE id = NEW.carried_from;
        IF (before.part, before.met, before.found_by, before.reviewer_city)
            IS DISTINCT FROM (NEW.part, NEW.met, NEW.found_by, NEW.reviewer_city) THEN
            PERFORM refuse_standing('not_assigned');
        END IF;
    END IF;
    IF NEW.reviewer_city = (SELECT city_code FROM assessment WHERE id = NEW.assessment_id) THEN
        PERFORM refuse_standing('own_city');
    END IF;
    IF EXISTS (
        SELECT FROM deviation WHERE assessment_id = NEW.assessment_id
            AND split_part(part, '.', 1) = split_part(NEW.part, '.', 1)
            AND person_of(signed_by) = person_of(NEW.found_by)
    ) THEN
        PERFORM refuse_standing('second_person');
    END IF;
    RETURN NEW;
END $$
"""
_DEVIATION = """
CREATE FUNCTION check_deviation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before deviation;
    signer text := person_of(NEW.signed_by);
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.signed_by IS NOT NULL THEN
        RAISE EXCEPTION 'a signature is never changed' USING ERRCODE = 'restrict_violation';
    ELSIF TG_OP = 'INSERT' AND NEW.carried_from IS NOT NULL THEN
        SELECT * INTO before FROM deviation WHERE id = NEW.carried_from;
        IF (before.part, before.reason, before.proposed_by, before.signed_by, before.reviewer_city, before.signer_city)
            IS DISTINCT FROM (NEW.part, NEW.reason, NEW.proposed_by, NEW.signed_by, NEW.reviewer_city, NEW.signer_city)
        THEN
            PERFORM refuse_standing('not_assigned');
        END IF;
    ELSIF TG_OP = 'INSERT' THEN
        PERFORM refuse_standing(standing_bar(person_of(NEW.proposed_by), NEW.assessment_id, true));
        NEW.reviewer_city := (SELECT home_city_code FROM reviewer WHERE person = person_of(NEW.proposed_by));
    END IF;
    IF signer IS NOT NULL AND (TG_OP = 'UPDATE' OR NEW.carried_from IS NULL) THEN
        PERFORM refuse_standing(standing_bar(signer, NEW.assessment_id, false));
        NEW.signer_city := (SELECT home_city_code FROM reviewer WHERE person = signer);
    END IF;
    IF EXISTS (
        SELECT FROM assessment WHERE id = NEW.assessment_id AND city_code IN (NEW.reviewer_city, NEW.signer_city)
    ) THEN
        PERFORM refuse_standing('own_city');
    END IF;
    IF EXISTS (
        SELECT FROM finding WHERE assessment_id = NEW.assessment_id
            AND split_part(part, '.', 1) = split_part(NEW.part, '.', 1) AND person_of(found_by) = signer
    ) THEN
        PERFORM refuse_standing('second_person');
    END IF;
    RETURN NEW;
END $$
"""
# A reviewer who moves home keeps no review of the new home city.
_HOME = """
CREATE FUNCTION check_home_city() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM review WHERE assignee = NEW.person AND city_code = NEW.home_city_code) THEN
        PERFORM refuse_standing('own_city');
    END IF;
    RETURN NULL;
END $$
"""
_TRIGGERS = (
    (
        "CREATE TRIGGER standing BEFORE INSERT OR UPDATE OF assignee, city_code ON review "
        "FOR EACH ROW WHEN (NEW.assignee IS NOT NULL) EXECUTE FUNCTION check_assignee()"
    ),
    "CREATE TRIGGER standing BEFORE INSERT ON finding FOR EACH ROW EXECUTE FUNCTION check_finding()",
    "CREATE TRIGGER standing BEFORE INSERT OR UPDATE ON deviation FOR EACH ROW EXECUTE FUNCTION check_deviation()",
    (
        "CREATE CONSTRAINT TRIGGER home_city AFTER UPDATE OF home_city_code ON reviewer DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION check_home_city()"
    ),
)
_FUNCTIONS = (
    "check_home_city()",
    "check_deviation()",
    "check_finding()",
    "standing_bar(text, uuid, boolean)",
    "check_assignee()",
    "refuse_standing(text)",
    "reviewer_bar(text, review)",
)


def upgrade() -> None:
    op.execute(_PERSON_OF)
    _create_reviewers_and_reviews()
    _create_history()
    _widen_findings_and_deviations()
    for statement in (_BAR, _REFUSE, _ASSIGNEE, _CLEAR, _FINDING, _DEVIATION, _HOME, *_TRIGGERS):
        op.execute(statement)
    for table in _IMMUTABLE:
        op.execute(
            f"CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    _grant()


def _create_reviewers_and_reviews() -> None:
    op.create_table(
        "reviewer",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("home_city_code", sa.Text(), nullable=False),
        sa.Column("load_limit", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("registered_by", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("person = person_of(subject) AND person <> ''", name=op.f("ck_reviewer_one_person")),
        sa.CheckConstraint("load_limit >= 0", name=op.f("ck_reviewer_load_limit")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_reviewer")),
    )
    op.create_table(
        "review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("city_code", sa.Text(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("recommended_by", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=True),
        sa.Column("assigned_at", _MOMENT, nullable=True),
        sa.Column("overtaken_at", _MOMENT, nullable=True),
        sa.Column("created_at", _MOMENT, server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("status IN ('open', 'moot', 'done')", name=op.f("ck_review_status")),
        sa.CheckConstraint("(assignee IS NULL) = (assigned_at IS NULL)", name=op.f("ck_review_assignment_whole")),
        sa.ForeignKeyConstraint(["assessment_id"], ["assessment.id"], name=op.f("fk_review_assessment_id_assessment")),
        sa.ForeignKeyConstraint(["assignee"], ["reviewer.person"], name=op.f("fk_review_assignee_reviewer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint("application_id", name=op.f("uq_review_application_id")),
        sa.UniqueConstraint("assessment_id", name=op.f("uq_review_assessment_id")),
    )
    op.create_index(op.f("ix_review_cycle_id_status_id"), "review", ["cycle_id", "status", "id"])
    op.create_index(op.f("ix_review_assignee_status_id"), "review", ["assignee", "status", "id"])
    op.create_index(op.f("ix_review_uscc"), "review", ["uscc"])
    op.create_table(
        "review_item",
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("changes", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("resolved_at", _MOMENT, nullable=True),
        sa.CheckConstraint(
            "kind IN ('unknown_fact', 'judgement', 'deviation', 'conflict')", name=op.f("ck_review_item_kind")
        ),
        sa.CheckConstraint(
            "(resolved_by IS NULL) = (resolution IS NULL) AND (resolved_by IS NULL) = (resolved_at IS NULL)",
            name=op.f("ck_review_item_resolution_whole"),
        ),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_item_review_id_review")),
        sa.PrimaryKeyConstraint("review_id", "part", "kind", name=op.f("pk_review_item")),
    )


def _create_history() -> None:
    op.create_table(
        "review_assignment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("from_reviewer", sa.Text(), nullable=True),
        sa.Column("to_reviewer", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("acted_by", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint(
            "act IN ('assign', 'reassign', 'delegate', 'conflict', 'own_city')", name=op.f("ck_review_assignment_act")
        ),
        sa.CheckConstraint("act = 'assign' OR reason IS NOT NULL", name=op.f("ck_review_assignment_reason")),
        sa.CheckConstraint(
            "from_reviewer IS DISTINCT FROM to_reviewer", name=op.f("ck_review_assignment_moves_something")
        ),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_assignment_review_id_review")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_assignment")),
    )
    op.create_index(op.f("ix_review_assignment_review_id_id"), "review_assignment", ["review_id", "id"])
    op.create_table(
        "review_declaration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("conflict", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", _MOMENT, server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("conflict = (reason IS NOT NULL)", name=op.f("ck_review_declaration_conflict_has_reason")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_declaration_review_id_review")),
        sa.ForeignKeyConstraint(
            ["reviewer"], ["reviewer.person"], name=op.f("fk_review_declaration_reviewer_reviewer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_declaration")),
        sa.UniqueConstraint(
            "review_id", "reviewer", "conflict", name=op.f("uq_review_declaration_review_id_reviewer_conflict")
        ),
    )
    op.create_index(op.f("ix_review_declaration_reviewer_conflict"), "review_declaration", ["reviewer", "conflict"])


def _widen_findings_and_deviations() -> None:
    op.add_column("finding", sa.Column("evidence", postgresql.JSONB(), server_default="[]", nullable=False))
    for table in ("finding", "deviation"):
        op.add_column(table, sa.Column("reviewer_city", sa.Text(), nullable=True))
        op.add_column(table, sa.Column("carried_from", sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f(f"fk_{table}_carried_from_{table}"), table, table, ["carried_from"], ["id"])
    op.add_column("deviation", sa.Column("signer_city", sa.Text(), nullable=True))
    op.drop_constraint(op.f("ck_deviation_second_person"), "deviation")
    op.create_check_constraint(
        op.f("ck_deviation_second_person"), "deviation", "person_of(signed_by) <> person_of(proposed_by)"
    )


def _grant() -> None:
    op.execute("GRANT SELECT, INSERT ON reviewer, review, review_assignment, review_declaration TO peiyu_evaluation")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON review_item TO peiyu_evaluation")
    op.execute("GRANT UPDATE (subject, home_city_code, load_limit, active) ON reviewer TO peiyu_evaluation")
    op.execute(
        "GRANT UPDATE (assessment_id, city_code, uscc, recommended_by, status, assignee, assigned_at, overtaken_at) "
        "ON review TO peiyu_evaluation"
    )


def downgrade() -> None:
    for table in ("review", "finding", "deviation"):
        op.execute(f"DROP TRIGGER standing ON {table}")
    op.execute("DROP TRIGGER home_city ON reviewer")
    for function in _FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.drop_constraint(op.f("ck_deviation_second_person"), "deviation")
    op.create_check_constraint(op.f("ck_deviation_second_person"), "deviation", "signed_by <> proposed_by")
    op.drop_column("deviation", "signer_city")
    for table in ("finding", "deviation"):
        op.drop_column(table, "carried_from")
        op.drop_column(table, "reviewer_city")
    op.drop_column("finding", "evidence")
    for table in ("review_declaration", "review_assignment", "review_item", "review", "reviewer"):
        op.drop_table(table)
    op.execute("DROP FUNCTION person_of")
