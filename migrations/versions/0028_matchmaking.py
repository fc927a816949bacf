"""Matchmaking: events, who takes part, released timetables, notices, outcomes, patents pushed; taken into the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
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
    "patent_push",
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
    "match_notice",
    "match_outcome",
    "patent_offer",
    "patent_push",
)
# What the ledger of support takes over: who came, what was agreed, what was pushed.
_READ = {
    "match_event": "id, kind, title, city_code",
    "match_slot": "event_id, slot, during",
    "match_participant": "id, event_id, uscc, name",
    "match_outcome": "id, event_id, enterprise_id, partner_id, after_days, held, result, amount_fen, happened_on",
    "patent_push": "id, uscc, city_code, pushed_on, by_city, found",
}
_CHANGES = {
    "match_participant": (
        "consented_at, consented_by, cancelled_at, cancelled_by, cancel_reason, checked_in_at, checked_in_by"
    ),
    "match_preference": "word, recorded_by, recorded_at",
    "match_notice": "seen_at, seen_by",
    "patent_offer": "withdrawn_at, withdrawn_by",
}
_TAKEN_FROM = ("'report', 'bank'", "'report', 'bank', 'event'")


def upgrade() -> None:
    _events()
    _participants()
    _plans()
    _notices()
    _outcomes()
    _patents()
    for table in _IMMUTABLE:
        for name, when, each in (("immutable", "UPDATE OR DELETE", "ROW"), ("never_emptied", "TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH {each} EXECUTE FUNCTION refuse_change()"
            )
    op.execute(f"GRANT SELECT, INSERT ON {', '.join(_TABLES)} TO {_ROLE}")
    for table, columns in _CHANGES.items():
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO {_ROLE}")
    for table, columns in _READ.items():
        op.execute(f"GRANT SELECT ({columns}) ON {table} TO peiyu_evaluation")
    _take_from_events()


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
        *_texts("chain", "city_code", "venue", "who", "created_by"),
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


def _notices() -> None:
    op.create_table(
        "match_notice",
        *_ids("id", "event_id", "participant_id"),
        *_numbers("version"),
        sa.Column("changes", postgresql.JSONB(), nullable=False),
        _now("told_at"),
        *_moments("seen_at"),
        *_texts("seen_by", nullable=True),
        _primary("match_notice", "id"),
        sa.UniqueConstraint("participant_id", "version", name=op.f("uq_match_notice_participant_id_version")),
        sa.ForeignKeyConstraint(
            ["event_id", "version"], ["match_release.event_id", "match_release.version"], name="fk_match_notice_release"
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["match_participant.id"],
            name=op.f("fk_match_notice_participant_id_match_participant"),
        ),
        *_checks(
            "match_notice",
            something="jsonb_array_length(changes) > 0",
            seen_signed="num_nonnulls(seen_at, seen_by) IN (0, 2)",
        ),
    )
    op.create_index("ix_match_notice_release", "match_notice", ["event_id", "version", "id"])


def _outcomes() -> None:
    with_money = "result IN ('term_sheet', 'contract', 'invested', 'equity_option')"
    on_a_day = "result IN ('contract', 'invested', 'equity_option')"
    op.create_table(
        "match_outcome",
        *_ids("id"),
        *_pair("match_outcome"),
        *_numbers("after_days"),
        sa.Column("held", sa.Boolean(), nullable=False),
        *_texts("result", nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("happened_on", sa.Date(), nullable=True),
        *_texts("note", nullable=True),
        *_texts("recorded_by"),
        _now("recorded_at"),
        _primary("match_outcome", "id"),
        *_checks(
            "match_outcome",
            counted="after_days >= 0",
            result=(
                "result IN ('interest', 'due_diligence', 'term_sheet', 'contract', 'invested', 'equity_option', 'no')"
            ),
            result_of_a_meeting="held = (result IS NOT NULL)",
            amount=f"amount_fen IS NULL OR amount_fen BETWEEN 1 AND 1000000000000000 AND {with_money}",
            day=f"(happened_on IS NOT NULL) = coalesce({on_a_day}, false)",
            not_in_future="happened_on <= (recorded_at AT TIME ZONE 'Asia/Shanghai')::date",
        ),
    )
    op.create_index(
        "ix_match_outcome_pair", "match_outcome", ["event_id", "enterprise_id", "partner_id", "after_days", "id"]
    )


def _patents() -> None:
    op.create_table(
        "patent_offer",
        *_ids("id"),
        *_texts("patent_no", "title", "holder", "city_code"),
        sa.Column("profile", postgresql.JSONB(), nullable=False),
        *_texts("recorded_by"),
        _now("recorded_at"),
        *_moments("withdrawn_at"),
        *_texts("withdrawn_by", nullable=True),
        _primary("patent_offer", "id"),
        *_checks("patent_offer", withdrawal_signed="num_nonnulls(withdrawn_at, withdrawn_by) IN (0, 2)"),
    )
    op.create_index(
        "uq_patent_offer_live",
        "patent_offer",
        ["patent_no"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "patent_push",
        *_ids("id"),
        *_texts("uscc", "city_code"),
        *_texts("by_city", nullable=True),
        sa.Column("asked", postgresql.JSONB(), nullable=False),
        sa.Column("entries", postgresql.JSONB(), nullable=False),
        *_numbers("found"),
        sa.Column("pushed_on", sa.Date(), nullable=False),
        *_texts("pushed_by"),
        _now("pushed_at"),
        _primary("patent_push", "id"),
        *_checks("patent_push", counted="found = jsonb_array_length(entries) AND found > 0"),
    )
    op.create_index(op.f("ix_patent_push_uscc"), "patent_push", ["uscc"])


def _take_from_events() -> None:
    """Rows of the ledger that an event, or a push of patents, is taken as."""
    op.execute("ALTER TABLE support_action ADD COLUMN matched_as TEXT")
    op.execute("CREATE INDEX ix_support_action_matched ON support_action (matched_as) WHERE matched_as IS NOT NULL")
    _sources("'city', 'province', 'report', 'bank', 'event'", _TAKEN_FROM[1])
    op.create_check_constraint(
        op.f("ck_support_action_match_named"), "support_action", "(source = 'event') = (matched_as IS NOT NULL)"
    )
    _guard(*_TAKEN_FROM)


def _sources(every: str, taken: str) -> None:
    for name, check in (
        ("source", f"source IN ({every})"),
        ("source_named", f"(source IN ({taken})) = (source_key IS NOT NULL)"),
    ):
        op.drop_constraint(op.f(f"ck_support_action_{name}"), "support_action")
        op.create_check_constraint(op.f(f"ck_support_action_{name}"), "support_action", check)


def _guard(before: str, after: str) -> None:
    """The same function, which takes other sources as they are."""
    definition: str = (
        op.get_bind().execute(sa.text("SELECT pg_get_functiondef('keep_support_actions'::regproc)")).scalar_one()
    )
    if before not in definition:
        raise RuntimeError("keep_support_actions is not as the last migration left it")
    op.execute(definition.replace(f"({before})", f"({after})").replace(":=", r"\:="))


def downgrade() -> None:
    op.execute("DELETE FROM outbox_event WHERE consumer IN ('evaluation.take_match', 'finance.tell_participants')")
    op.execute("ALTER TABLE support_action DISABLE TRIGGER USER")
    op.execute("DELETE FROM support_action WHERE source = 'event'")
    op.execute("ALTER TABLE support_action ENABLE TRIGGER USER")
    op.drop_constraint(op.f("ck_support_action_match_named"), "support_action")
    op.execute("ALTER TABLE support_action DROP COLUMN matched_as")
    _sources("'city', 'province', 'report', 'bank'", _TAKEN_FROM[0])
    _guard(*reversed(_TAKEN_FROM))
    for table in reversed(_TABLES):
        op.drop_table(table)
