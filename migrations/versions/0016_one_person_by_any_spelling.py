"""A second person is another person, not another spelling of the same name: for plans, notices and incidents too."""

from __future__ import annotations

from collections.abc import Callable

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# Table: the two who must differ.
_SECOND_PERSON = {
    "selection_plan": ("approved_by", "proposed_by"),
    "objection": ("decided_by", "recorded_by"),
    "appeal": ("decided_by", "submitted_by"),
    "incident": ("confirmed_by", "alleged_by"),
}


def upgrade() -> None:
    _write(lambda name: f"person_of({name})")


def downgrade() -> None:
    _write(lambda name: name)


def _write(person: Callable[[str], str]) -> None:
    """The checks and the functions, `person` telling who a column names."""
    for table, (second, first) in _SECOND_PERSON.items():
        name = op.f(f"ck_{table}_second_person")
        op.drop_constraint(name, table)
        op.create_check_constraint(name, table, f"{person(second)} <> {person(first)}")
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION keep_objection_decision() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.status <> 'open' THEN PERFORM refuse_as('ck_objection_decided_once'); END IF;
            PERFORM FROM public_notice AS n JOIN selection_plan AS p ON p.id = n.plan_id
            WHERE n.id = NEW.notice_id
                AND {person("NEW.decided_by")} IN ({person("p.proposed_by")}, {person("p.approved_by")});
            IF FOUND THEN PERFORM refuse_as('ck_objection_decided_by_another'); END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION keep_appeal_decision() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.status <> 'open' THEN PERFORM refuse_as('ck_appeal_decided_once'); END IF;
            IF {person("NEW.decided_by")} IN (
                SELECT {person("found_by")} FROM finding WHERE assessment_id = NEW.assessment_id
                UNION ALL SELECT {person("name")} FROM deviation, unnest(ARRAY[proposed_by, signed_by]) AS name
                WHERE assessment_id = NEW.assessment_id
                UNION ALL SELECT {person("name")}
                FROM public_notice AS n JOIN selection_plan AS p ON p.id = n.plan_id,
                    unnest(ARRAY[p.proposed_by, p.approved_by]) AS name
                WHERE n.id = NEW.notice_id
            ) THEN PERFORM refuse_as('ck_appeal_decided_by_another'); END IF;
            RETURN NEW;
        END $$
        """  # noqa: S608 (names from this file)
    )
