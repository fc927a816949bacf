"""What changed for whom: counters that tell a reader of figures whether anything did, without computing them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

# Table: topics, and the cities whose figures a changed row alters, as SQL over `changed`, the rows before and after.
# 'all' is every city and the province, 'province' the province alone. Nobody else's city may be among them: who polls
# would see that something happened there.
_TOPICS: dict[str, dict[str, str]] = {
    table: {table: cities}
    for table, cities in {
        "application": "SELECT city_code FROM changed",
        "assessment": "SELECT a.city_code FROM changed JOIN application AS a ON a.id = changed.application_id",
        "kept_place": "SELECT a.city_code FROM changed JOIN assessment AS a ON a.id = changed.assessment_id",
        "replacement_credit": "SELECT city_code FROM changed",
        "exit_notice": "SELECT city_code FROM changed",
        "progress_report": "SELECT e.city_code FROM changed JOIN enterprise AS e ON e.id = changed.enterprise_id",
        # Of reports alone: another city's that makes the same claim for the same enterprise, of which one counts.
        "support_action": (
            "SELECT city_code FROM changed WHERE source = 'report' UNION ALL SELECT other.city_code FROM changed "
            "JOIN support_action AS mine ON mine.id IN (changed.id, changed.corrects) "
            "JOIN support_action AS other ON other.claim = mine.claim AND other.source = 'report' "
            "AND holder_of_code(other.uscc) = holder_of_code(mine.uscc) WHERE changed.source = 'report'"
        ),
        "cycle": "SELECT 'all' FROM changed",
        "reporting_period": "SELECT 'all' FROM changed",
        "public_notice": "SELECT 'all' FROM changed",
        "selection_plan": "SELECT 'province' FROM changed",
        "adjustment_plan": "SELECT 'province' FROM changed",
    }.items()
}
# A place belongs to the city that it was given to; what its holder owes, to where the holder is registered now.
_TOPICS["membership"] = {
    "membership": "SELECT city_code FROM changed",
    "member_home": (
        "SELECT e.city_code FROM changed JOIN enterprise_code AS c ON c.code = changed.uscc "
        "JOIN enterprise AS e ON e.id = c.enterprise_id"
    ),
}
_EVENTS = {
    "INSERT": ("NEW TABLE AS after", "SELECT * FROM after"),
    "UPDATE": ("OLD TABLE AS before NEW TABLE AS after", "SELECT * FROM before UNION ALL SELECT * FROM after"),
}
# Rows are only ever added while others may read and add too, so that no writer waits for another; now and then what
# many have added is drawn together. A row that somebody else is drawing together is left to them.
_FOLD = """
CREATE FUNCTION fold_figure_changes(of_topic text) RETURNS void LANGUAGE sql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (
        DELETE FROM figure_change WHERE id IN (
            SELECT id FROM figure_change WHERE topic = of_topic FOR UPDATE SKIP LOCKED
        )
        RETURNING topic, city_code, changes
    )
    INSERT INTO figure_change (topic, city_code, changes)
    SELECT topic, city_code, sum(changes) FROM gone GROUP BY topic, city_code
$$
"""
# Under another isolation a row drawn together meanwhile would fail the transaction of somebody who only wrote.
_NOW_AND_THEN = "random() < 0.01 AND current_setting('transaction_isolation') = 'read committed'"
# A record that moves, is merged or is given back: what it owes, and whose support is the same, may be others' figures.
_ENTERPRISE = f"""
CREATE FUNCTION count_enterprise_changes() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO figure_change (topic, city_code)
    SELECT DISTINCT 'enterprise', city FROM (
        SELECT unnest(ARRAY[OLD.city_code, NEW.city_code])
        UNION ALL SELECT city_code FROM enterprise WHERE id IN (OLD.merged_into, NEW.merged_into)
        UNION ALL SELECT s.city_code FROM support_action AS s JOIN enterprise_code AS c ON c.code = s.uscc
        WHERE s.source = 'report' AND c.enterprise_id IN (NEW.id, OLD.merged_into, NEW.merged_into)
            AND (OLD.uscc, OLD.merged_into) IS DISTINCT FROM (NEW.uscc, NEW.merged_into)
    ) AS altered (city);
    IF {_NOW_AND_THEN} THEN PERFORM fold_figure_changes('enterprise'); END IF;
    RETURN NULL;
END $$
"""  # noqa: S608 (a text of this file)
_POOL = """
CREATE FUNCTION count_pool_changes() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO figure_change (topic, city_code) VALUES ('pool', 'all');
    RETURN NULL;
END $$
"""
_BY_ROW = {
    "enterprise": "(OLD.city_code, OLD.uscc, OLD.merged_into) IS DISTINCT FROM (NEW.city_code, NEW.uscc, NEW.merged_into)",
    # Its counts of members are the memberships' own.
    "pool": "(OLD.cap, OLD.cap_basis) IS DISTINCT FROM (NEW.cap, NEW.cap_basis)",
}
# When the window of a reporting period closes is one of the deadlines.
_READ = "SELECT (closes_at) ON reporting_period"


def upgrade() -> None:
    op.create_table(
        "figure_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("city_code", sa.Text(), nullable=False),
        sa.Column("changes", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("changes >= 1", name=op.f("ck_figure_change_counted")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_change")),
    )
    op.create_index(op.f("ix_figure_change_topic_city_code"), "figure_change", ["topic", "city_code"])
    op.execute("GRANT SELECT ON figure_change TO peiyu_evaluation")
    op.execute(f"GRANT {_READ} TO peiyu_evaluation")
    op.execute(_FOLD)
    op.execute("REVOKE ALL ON FUNCTION fold_figure_changes(text) FROM PUBLIC")
    for table, topics in _TOPICS.items():
        for event, (tables, changed) in _EVENTS.items():
            _count(table, topics, event, tables, changed)
    for function in (_ENTERPRISE, _POOL):
        op.execute(function)
    for table, when in _BY_ROW.items():
        op.execute(
            f"CREATE TRIGGER count_changes AFTER UPDATE ON {table} FOR EACH ROW WHEN ({when}) "
            f"EXECUTE FUNCTION count_{table}_changes()"
        )


def _count(table: str, topics: dict[str, str], event: str, tables: str, changed: str) -> None:
    name = f"count_{table}_{event.lower()}"
    altered = " UNION ALL ".join(
        f"SELECT '{topic}', city FROM ({cities}) AS of_{topic} (city)"  # noqa: S608 (names from this file)
        for topic, cities in topics.items()
    )
    folded = " ".join(f"PERFORM fold_figure_changes('{topic}');" for topic in topics)
    op.execute(
        f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
        BEGIN
            IF NOT EXISTS (SELECT FROM after) THEN RETURN NULL; END IF;
            INSERT INTO figure_change (topic, city_code)
            WITH changed AS ({changed})
            SELECT DISTINCT topic, city FROM ({altered}) AS altered (topic, city);
            IF {_NOW_AND_THEN} THEN {folded} END IF;
            RETURN NULL;
        END $$
        """  # noqa: S608 (names from this file)
    )
    op.execute(
        f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {tables} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )


def downgrade() -> None:
    for table in _BY_ROW:
        op.execute(f"DROP TRIGGER count_changes ON {table}")
        op.execute(f"DROP FUNCTION count_{table}_changes")
    for table in _TOPICS:
        for event in _EVENTS:
            op.execute(f"DROP TRIGGER count_{table}_{event.lower()} ON {table}")
            op.execute(f"DROP FUNCTION count_{table}_{event.lower()}")
    op.execute("DROP FUNCTION fold_figure_changes")
    op.execute(f"REVOKE {_READ} FROM peiyu_evaluation")
    op.drop_table("figure_change")
