"""Matchmaking: events with slots and rooms, who takes part, plans, released timetables, and outcomes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_ROLE = "peiyu_finance"
_SIDES = ("enterprise", "partner")
_IMMUTABLE = (
    "match_event",
    "match_slot",
    "match_room",
    "match_conflict",
    "match_plan",
    "match_meeting",
    "match_release",
    "match_outcome",
)
# In the order in which they are made.
_TABLES = (
    "match_event",
    "match_slot",
    "match_room",
    "match_participant",
    "match_preference",
    "match_conflict",
    "match_plan",
    "match_meeting",
    "match_release",
    "match_outcome",
)
_CHANGES = {
    "match_participant": (
        "consented_at, consented_by, cancelled_at, cancelled_by, cancel_reason, checked_in_at, checked_in_by"
    ),
    "match_preference": "word, recorded_by, recorded_at",
}


def upgrade() -> None:
    _events()
    _participants()
    _plans()
    _outcomes()
    for table in _IMMUTABLE:
        for name, when, each in (("immutable", "UPDATE OR DELETE", "ROW"), ("never_emptied", "TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH {each} EXECUTE FUNCTION refuse_change()"
            )
    op.execute(f"GRANT SELECT, INSERT ON {', '.join(_TABLES)} TO {_ROLE}")
    for table, columns in _CHANGES.items():
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO {_ROLE}")


def _texts(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _ids(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Uuid(), nullable=False) for name in names]


def _numbers(*names: str, nullable: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=nullable) for name in names]


def _moments(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=True) for name in names]


def _now(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def _checks(table: str, **checks: str) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}")) for name, condition in checks.items()]


def _primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _of_event(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["event_id"], ["match_event.id"], name=op.f(f"fk_{table}_event_id_match_event"))


def _pair(table: str) -> list[sa.Column[object] | sa.ForeignKeyConstraint]:
    """An enterprise and a partner of the same event."""
    found: list[sa.Column[object] | sa.ForeignKeyConstraint] = list(_ids("event_id", "enterprise_id", "partner_id"))
    for side in _SIDES:
        made = sa.Computed(f"'{side}'::text", persisted=True)
        found.append(sa.Column(f"{side}_side", sa.Text(), made, nullable=False))
        found.append(
            sa.ForeignKeyConstraint(
                ["event_id", f"{side}_side", f"{side}_id"],
                ["match_participant.event_id", "match_participant.side", "match_participant.id"],
                name=f"fk_{table}_{side}",
            )
        )
    return found


def _events() -> None:
    bounded = "NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during)"
    op.create_table(
        "match_event",
        *_ids("id"),
        *_texts("kind", "title"),
        sa.Column("month", sa.Date(), nullable=False),
        *_texts("chain", "city_code", "venue", "created_by"),
        _now("created_at"),
        _primary("match_event", "id"),
        sa.UniqueConstraint(
            "kind", "month", "city_code", "title", name=op.f("uq_match_event_kind_month_city_code_title")
        ),
        *_checks("match_event", first_of_month="extract(day FROM month) = 1"),
    )
    op.create_index(op.f("ix_match_event_city_code_id"), "match_event", ["city_code", "id"])
    op.create_index(op.f("ix_match_event_month"), "match_event", ["month"])
    op.create_table(
        "match_slot",
        *_ids("event_id"),
        *_numbers("slot"),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        _primary("match_slot", "event_id", "slot"),
        _of_event("match_slot"),
        postgresql.ExcludeConstraint(("event_id", "="), ("during", "&&"), name="match_slot_once", using="gist"),
        *_checks("match_slot", bounded=bounded, counted="slot >= 0"),
    )
    op.create_table(
        "match_room",
        *_ids("event_id"),
        *_numbers("room"),
        *_texts("venue", "name"),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        _primary("match_room", "event_id", "room"),
        _of_event("match_room"),
        postgresql.ExcludeConstraint(
            ("venue", "="), ("name", "="), ("during", "&&"), name="match_room_once", using="gist"
        ),
        *_checks("match_room", bounded=bounded, counted="room >= 0"),
    )


def _participants() -> None:
    op.create_table(
        "match_participant",
        *_ids("id", "event_id"),
        *_texts("side", "kind"),
        *_texts("uscc", nullable=True),
        *_texts("name", "name_key"),
        *_numbers("capacity"),
        sa.Column("profile", postgresql.JSONB(), nullable=False),
        *_texts("contact", nullable=True),
        *_texts("registered_by"),
        _now("registered_at"),
        *_moments("consented_at", "cancelled_at", "checked_in_at"),
        *_texts("consented_by", "cancelled_by", "cancel_reason", "checked_in_by", nullable=True),
        _primary("match_participant", "id"),
        _of_event("match_participant"),
        sa.UniqueConstraint("event_id", "side", "id", name="uq_match_participant_of_event"),
        sa.UniqueConstraint("event_id", "name_key", name="uq_match_participant_name"),
        sa.UniqueConstraint("event_id", "uscc", name="uq_match_participant_uscc"),
        *_checks(
            "match_participant",
            side="side IN ('enterprise', 'partner')",
            kind_of_side="(side = 'enterprise') = (kind = 'enterprise')",
            enterprise_named="side <> 'enterprise' OR uscc IS NOT NULL",
            capacity="capacity BETWEEN 0 AND 100",
            consent_signed="num_nonnulls(consented_at, consented_by) IN (0, 2)",
            cancel_signed="num_nonnulls(cancelled_at, cancelled_by, cancel_reason) IN (0, 3)",
            check_in_signed="num_nonnulls(checked_in_at, checked_in_by) IN (0, 2)",
        ),
    )
    op.create_index("ix_match_participant_uscc", "match_participant", ["uscc"])
    op.create_table(
        "match_preference",
        *_pair("match_preference"),
        *_texts("by_side", "word", "recorded_by"),
        _now("recorded_at"),
        _primary("match_preference", "event_id", "enterprise_id", "partner_id", "by_side"),
        *_checks(
            "match_preference",
            by_side="by_side IN ('enterprise', 'partner')",
            word="word IN ('wish', 'ban', 'neutral')",
        ),
    )
    op.create_table(
        "match_conflict",
        *_pair("match_conflict"),
        *_texts("ground", "recorded_by"),
        _now("recorded_at"),
        _primary("match_conflict", "event_id", "enterprise_id", "partner_id"),
        *_checks("match_conflict", grounded="ground <> ''"),
    )


def _plans() -> None:
    op.create_table(
        "match_plan",
        *_ids("id", "event_id"),
        *_numbers("sequence"),
        *_texts("cause"),
        sa.Column("based_on", sa.Uuid(), nullable=True),
        sa.Column("inputs", postgresql.JSONB(), nullable=False),
        *_texts("inputs_digest"),
        *_numbers("total", "bound", "coverable", nullable=True),
        *_texts("computed_by"),
        _now("computed_at"),
        _primary("match_plan", "id"),
        _of_event("match_plan"),
        sa.UniqueConstraint("event_id", "sequence", name=op.f("uq_match_plan_event_id_sequence")),
        sa.UniqueConstraint("event_id", "id", name="uq_match_plan_of_event"),
        sa.ForeignKeyConstraint(
            ["event_id", "based_on"], ["match_plan.event_id", "match_plan.id"], name="fk_match_plan_based_on"
        ),
        *_checks(
            "match_plan",
            cause="cause IN ('solve', 'cancellation')",
            based="(cause = 'cancellation') = (based_on IS NOT NULL)",
            proven="(cause = 'solve') = (total IS NOT NULL AND bound IS NOT NULL)",
            bounded="0 <= total AND total <= bound",
            counted="sequence >= 1",
        ),
    )
    op.create_table(
        "match_meeting",
        *_ids("plan_id"),
        *_pair("match_meeting"),
        *_numbers("slot", "room", "points"),
        _primary("match_meeting", "plan_id", "enterprise_id", "partner_id"),
        sa.UniqueConstraint("plan_id", "slot", "enterprise_id", name="uq_match_meeting_enterprise"),
        sa.UniqueConstraint("plan_id", "slot", "partner_id", name="uq_match_meeting_partner"),
        sa.UniqueConstraint("plan_id", "slot", "room", name="uq_match_meeting_room"),
        *(
            sa.ForeignKeyConstraint(
                ["event_id", column],
                [f"match_{table}.event_id", f"match_{table}.{key}"],
                name=f"fk_match_meeting_{table}",
            )
            for table, column, key in (("plan", "plan_id", "id"), ("slot", "slot", "slot"), ("room", "room", "room"))
        ),
    )
    op.create_table(
        "match_release",
        *_ids("event_id"),
        *_numbers("version"),
        *_ids("plan_id"),
        *_texts("released_by"),
        _now("released_at"),
        _primary("match_release", "event_id", "version"),
        sa.UniqueConstraint("plan_id", name=op.f("uq_match_release_plan_id")),
        sa.ForeignKeyConstraint(
            ["event_id", "plan_id"], ["match_plan.event_id", "match_plan.id"], name="fk_match_release_plan"
        ),
        *_checks("match_release", counted="version >= 1"),
    )


def _outcomes() -> None:
    with_money = "result IN ('invested', 'equity_option')"
    op.create_table(
        "match_outcome",
        *_ids("id"),
        *_pair("match_outcome"),
        *_numbers("after_days"),
        sa.Column("held", sa.Boolean(), nullable=False),
        *_texts("result", nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        *_texts("note", nullable=True),
        *_texts("recorded_by"),
        _now("recorded_at"),
        _primary("match_outcome", "id"),
        *_checks(
            "match_outcome",
            counted="after_days >= 0",
            result="result IN ('interest', 'due_diligence', 'term_sheet', 'invested', 'equity_option', 'no')",
            result_of_a_meeting="held = (result IS NOT NULL)",
            amount=f"amount_fen IS NULL OR amount_fen > 0 AND {with_money}",
        ),
    )
    op.create_index(
        "ix_match_outcome_pair", "match_outcome", ["event_id", "enterprise_id", "partner_id", "after_days", "id"]
    )


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
