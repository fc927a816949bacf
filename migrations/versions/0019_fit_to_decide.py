"""Who decides objections and appeals has standing as a reviewer has; an upheld objection outlives its plan."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_REASONS = "'admitted', 'city_quota', 'pool_cap', 'already_member', 'reserved', 'minimum'"
# As for findings: registered, of another city, declared without a conflict; asked of the application's review.
_FIT = """
CREATE FUNCTION decider_bar(who text, of_assessment uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT COALESCE(
        (
            SELECT COALESCE(
                reviewer_bar(who, about),
                CASE WHEN NOT EXISTS (SELECT FROM review_declaration WHERE review_id = about.id AND reviewer = who)
                    THEN 'declaration_missing' END,
                'none')
            FROM review AS about
            WHERE about.application_id = (SELECT application_id FROM assessment WHERE id = of_assessment)
        ),
        'declaration_missing')
$$
"""
# Whoever judged the application in any of its assessments, by whatever spelling of the name.
_JUDGED = """
CREATE FUNCTION judged_by(of_assessment uuid) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    WITH judged AS (
        SELECT id FROM assessment
        WHERE application_id = (SELECT application_id FROM assessment WHERE id = of_assessment)
    )
    SELECT person_of(found_by) FROM finding WHERE assessment_id IN (SELECT id FROM judged)
    UNION SELECT person_of(name) FROM deviation, unnest(ARRAY[proposed_by, signed_by]) AS name
    WHERE assessment_id IN (SELECT id FROM judged) AND name IS NOT NULL
$$
"""
_PLANNED = """
    SELECT person_of(name) FROM public_notice AS n JOIN selection_plan AS p ON p.id = n.plan_id,
        unnest(ARRAY[p.proposed_by, p.approved_by]) AS name
    WHERE n.id = NEW.notice_id AND name IS NOT NULL
"""


def _decision(table: str, first: str) -> str:
    return f"""
    CREATE OR REPLACE FUNCTION keep_{table}_decision() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        bar text;
    BEGIN
        IF OLD.status <> 'open' THEN PERFORM refuse_as('ck_{table}_decided_once'); END IF;
        IF person_of(NEW.decided_by) IN (
            SELECT judged_by(NEW.assessment_id) UNION ALL SELECT person_of(NEW.{first}) UNION ALL {_PLANNED}
        ) THEN
            PERFORM refuse_as('ck_{table}_decided_by_another');
        END IF;
        bar := decider_bar(person_of(NEW.decided_by), NEW.assessment_id);
        IF bar <> 'none' THEN PERFORM refuse_standing(bar); END IF;
        RETURN NEW;
    END $$
    """


# An objection concerns an application until an accepted appeal opens its judgement again, in whichever plan it stands.
_KEEP_OUT = """
CREATE OR REPLACE FUNCTION keep_out_objected() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM selection_plan_entry AS e
    JOIN assessment AS chosen ON chosen.id = e.assessment_id
    JOIN assessment AS about ON about.application_id = chosen.application_id AND about.reopening >= chosen.reopening
    JOIN objection AS o ON o.assessment_id = about.id
    WHERE e.plan_id = NEW.plan_id AND e.uscc = NEW.uscc AND o.status <> 'dismissed';
    IF FOUND THEN PERFORM refuse_as('ck_membership_not_objected'); END IF;
    PERFORM FROM public_notice AS n
    JOIN public_notice_entry AS e ON e.notice_id = n.id AND e.uscc = NEW.uscc
    JOIN objection AS o ON o.notice_id = e.notice_id AND o.assessment_id = e.assessment_id
    WHERE n.plan_id = NEW.plan_id AND o.status <> 'dismissed';
    IF FOUND THEN PERFORM refuse_as('ck_membership_not_objected'); END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    for statement in (
        _FIT,
        _JUDGED,
        _decision("objection", "recorded_by"),
        _decision("appeal", "submitted_by"),
        _KEEP_OUT,
    ):
        op.execute(statement)
    op.create_index(op.f("ix_objection_assessment_id"), "objection", ["assessment_id"])
    _reasons(f"{_REASONS}, 'objection'")


def _reasons(reasons: str) -> None:
    op.drop_constraint(op.f("ck_selection_plan_entry_reason"), "selection_plan_entry")
    op.create_check_constraint("reason", "selection_plan_entry", f"reason IN ({reasons})")


def downgrade() -> None:
    # No older reason tells an objection; what comes nearest is that there was no place to give.
    op.execute("ALTER TABLE selection_plan_entry DISABLE TRIGGER USER")
    op.execute("UPDATE selection_plan_entry SET reason = 'pool_cap' WHERE reason = 'objection'")
    op.execute("ALTER TABLE selection_plan_entry ENABLE TRIGGER USER")
    _reasons(_REASONS)
    op.drop_index(op.f("ix_objection_assessment_id"), "objection")
    op.execute(_KEEP_OUT_BEFORE)
    for table in ("objection", "appeal"):
        op.execute(_decision_before(table))
    op.execute("DROP FUNCTION judged_by(uuid)")
    op.execute("DROP FUNCTION decider_bar(text, uuid)")


_KEEP_OUT_BEFORE = """
CREATE OR REPLACE FUNCTION keep_out_objected() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM public_notice AS n
    JOIN public_notice_entry AS e ON e.notice_id = n.id AND e.uscc = NEW.uscc
    JOIN objection AS o ON o.notice_id = e.notice_id AND o.assessment_id = e.assessment_id
    WHERE n.plan_id = NEW.plan_id AND o.status <> 'dismissed';
    IF FOUND THEN PERFORM refuse_as('ck_membership_not_objected'); END IF;
    RETURN NEW;
END $$
"""


def _decision_before(table: str) -> str:
    judged = "" if table == "objection" else (
        "SELECT person_of(found_by) FROM finding WHERE assessment_id = NEW.assessment_id "
        "UNION ALL SELECT person_of(name) FROM deviation, unnest(ARRAY[proposed_by, signed_by]) AS name "
        "WHERE assessment_id = NEW.assessment_id UNION ALL "
    )  # fmt: skip
    return f"""
    CREATE OR REPLACE FUNCTION keep_{table}_decision() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.status <> 'open' THEN PERFORM refuse_as('ck_{table}_decided_once'); END IF;
        IF person_of(NEW.decided_by) IN ({judged} {_PLANNED}) THEN
            PERFORM refuse_as('ck_{table}_decided_by_another');
        END IF;
        RETURN NEW;
    END $$
    """
