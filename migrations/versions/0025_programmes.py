"""Lists by rule: judgements, consents, extracts of the patent register, proposals that somebody approves, recalls."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0022"
branch_labels = None
depends_on = None

_TABLES = (
    "programme_judgement",
    "programme_judgement_entry",
    "list_consent",
    "patent_extract",
    "list_proposal",
    "edition_recall",
)
# What is written once; of the others single columns are added later, and no row of any is taken away.
_IMMUTABLE = ("programme_judgement", "programme_judgement_entry", "patent_extract", "edition_recall")
_GRANTS = {
    "peiyu_evaluation": (
        "SELECT, INSERT ON programme_judgement",
        "SELECT, INSERT ON programme_judgement_entry",
        # Whether there is consent, and what may be pledged, are facts of a rule.
        "SELECT (id, uscc, purpose, given_on, withdrawn_at) ON list_consent",
        "SELECT ON patent_extract",
        # Which lists an enterprise is on.
        "SELECT (programme_code, serial, uscc, change, entry) ON edition_change",
    ),
    "peiyu_finance": (
        "SELECT ON programme_judgement",
        "SELECT ON programme_judgement_entry",
        "SELECT, INSERT, UPDATE (withdrawn_at, withdrawn_by, withdrawal_reason) ON list_consent",
        "SELECT, INSERT ON patent_extract",
        "SELECT, INSERT, UPDATE (status, approved_by, approved_at, serial) ON list_proposal",
        "SELECT, INSERT ON edition_recall",
    ),
}
_BASES = (
    "'selection_plan', 'adjustment_plan', 'enterprise_change', 'removal_decision'{more}, 'register', 'before_records'"
)
_CLIENTS = "'enterprise', 'bank'{more}, 'national_system', 'auditor'"
_DDL = (
    """
    CREATE TABLE programme_judgement (
        id UUID NOT NULL, programme_code TEXT NOT NULL, judged_on DATE NOT NULL, rule TEXT NOT NULL, consent TEXT,
        met INTEGER NOT NULL, unknown INTEGER NOT NULL, not_met INTEGER NOT NULL, digest TEXT NOT NULL, judged_by
        TEXT NOT NULL, judged_at timestamptz DEFAULT now() NOT NULL, cause_event_id UUID NOT NULL,
        CONSTRAINT pk_programme_judgement PRIMARY KEY (id),
        CONSTRAINT uq_programme_judgement_programme_code_cause_event_id UNIQUE (programme_code, cause_event_id),
        CONSTRAINT ck_programme_judgement_counted CHECK (met >= 0 AND unknown >= 0 AND not_met >= 0),
        CONSTRAINT ck_programme_judgement_not_in_future CHECK (judged_on <= (judged_at AT TIME ZONE 'Asia/Shanghai')::date)
    )
    """,
    """
    CREATE INDEX ix_programme_judgement_programme_code_id ON programme_judgement (programme_code, id)
    """,
    """
    CREATE TABLE programme_judgement_entry (
        judgement_id UUID NOT NULL, uscc TEXT NOT NULL, city_code TEXT NOT NULL, verdict TEXT NOT NULL, missing
        JSONB NOT NULL, fields JSONB NOT NULL, membership_id UUID, consent_id UUID,
        CONSTRAINT pk_programme_judgement_entry PRIMARY KEY (judgement_id, uscc),
        CONSTRAINT ck_programme_judgement_entry_verdict CHECK (verdict IN ('met', 'unknown')),
        CONSTRAINT ck_programme_judgement_entry_missing_where_unknown CHECK ((verdict = 'met') = (missing = '[]')),
        CONSTRAINT fk_programme_judgement_entry_judgement_id_programme_judgement FOREIGN KEY(judgement_id) REFERENCES programme_judgement (id),
        CONSTRAINT fk_programme_judgement_entry_membership_id_membership FOREIGN KEY(membership_id) REFERENCES membership (id)
    )
    """,
    """
    CREATE TABLE list_consent (
        id UUID NOT NULL, uscc TEXT NOT NULL, city_code TEXT NOT NULL, purpose TEXT NOT NULL, source TEXT NOT NULL,
        document TEXT, given_on DATE NOT NULL, recorded_by TEXT NOT NULL, recorded_at timestamptz DEFAULT now() NOT
        NULL, withdrawn_at timestamptz, withdrawn_by TEXT, withdrawal_reason TEXT,
        CONSTRAINT pk_list_consent PRIMARY KEY (id),
        CONSTRAINT ck_list_consent_source CHECK (source IN ('enterprise', 'paper')),
        CONSTRAINT ck_list_consent_paper_named CHECK ((source = 'paper') = (document IS NOT NULL)),
        CONSTRAINT ck_list_consent_not_in_future CHECK (given_on <= (recorded_at AT TIME ZONE 'Asia/Shanghai')::date),
        CONSTRAINT ck_list_consent_withdrawn_whole CHECK (num_nonnulls(withdrawn_at, withdrawn_by, withdrawal_reason) IN (0, 3))
    )
    """,
    """
    CREATE UNIQUE INDEX uq_list_consent_live ON list_consent (uscc, purpose) WHERE withdrawn_at IS NULL
    """,
    """
    CREATE TABLE patent_extract (
        id UUID NOT NULL, patent_no TEXT NOT NULL, uscc TEXT NOT NULL, city_code TEXT NOT NULL, legal_status TEXT
        NOT NULL, filed_on DATE NOT NULL, granted_on DATE, fees_paid_until DATE, suspended BOOLEAN,
        invalidation_pending BOOLEAN, co_owned BOOLEAN, same_day_twin BOOLEAN, as_of DATE NOT NULL, document TEXT
        NOT NULL, recorded_by TEXT NOT NULL, recorded_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_patent_extract PRIMARY KEY (id),
        CONSTRAINT ck_patent_extract_legal_status CHECK (legal_status IN ('pending', 'valid', 'terminated', 'invalidated')),
        CONSTRAINT ck_patent_extract_not_in_future CHECK (as_of <= (recorded_at AT TIME ZONE 'Asia/Shanghai')::date),
        CONSTRAINT ck_patent_extract_in_order CHECK (filed_on <= as_of AND (granted_on IS NULL AND legal_status = 'pending' OR granted_on BETWEEN filed_on AND as_of)),
        CONSTRAINT ck_patent_extract_documented CHECK (document <> ''),
        CONSTRAINT uq_patent_extract_patent_no_as_of_document UNIQUE (patent_no, as_of, document)
    )
    """,
    """
    CREATE INDEX ix_patent_extract_uscc ON patent_extract (uscc)
    """,
    """
    CREATE TABLE list_proposal (
        id UUID NOT NULL, programme_code TEXT NOT NULL, judgement_id UUID NOT NULL, judged_on DATE NOT NULL,
        entry_count INTEGER NOT NULL, unknown_count INTEGER NOT NULL, body BYTEA NOT NULL, digest TEXT NOT NULL,
        approval_needed BOOLEAN NOT NULL, status TEXT NOT NULL, proposed_by TEXT NOT NULL, proposed_at timestamptz
        DEFAULT now() NOT NULL, approved_by TEXT, approved_at timestamptz, serial INTEGER,
        CONSTRAINT pk_list_proposal PRIMARY KEY (id),
        CONSTRAINT ck_list_proposal_status CHECK (status IN ('frozen', 'published', 'overtaken')),
        CONSTRAINT ck_list_proposal_digest_of_body CHECK (digest = encode(sha256(body), 'hex')),
        CONSTRAINT ck_list_proposal_second_person CHECK (person_of(approved_by) <> person_of(proposed_by)),
        CONSTRAINT ck_list_proposal_approval_whole CHECK (num_nonnulls(approved_by, approved_at) IN (0, 2)),
        CONSTRAINT ck_list_proposal_published_as CHECK ((status = 'published') = (serial IS NOT NULL)),
        CONSTRAINT ck_list_proposal_approved_where_needed CHECK (status <> 'published' OR approval_needed = (approved_by IS NOT NULL)),
        CONSTRAINT fk_list_proposal_edition FOREIGN KEY(programme_code, serial) REFERENCES edition (programme_code, serial),
        CONSTRAINT uq_list_proposal_judgement_id UNIQUE (judgement_id),
        CONSTRAINT fk_list_proposal_programme_code_list_programme FOREIGN KEY(programme_code) REFERENCES list_programme (code)
    )
    """,
    """
    CREATE INDEX ix_list_proposal_programme_code_id ON list_proposal (programme_code, id)
    """,
    """
    CREATE UNIQUE INDEX uq_list_proposal_open ON list_proposal (programme_code) WHERE status = 'frozen'
    """,
    """
    CREATE TABLE edition_recall (
        programme_code TEXT NOT NULL, serial INTEGER NOT NULL, superseded_by INTEGER NOT NULL, removed JSONB NOT
        NULL, recalled_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_edition_recall PRIMARY KEY (programme_code, serial),
        CONSTRAINT fk_edition_recall_programme_code_serial_edition FOREIGN KEY(programme_code, serial) REFERENCES edition (programme_code, serial),
        CONSTRAINT fk_edition_recall_superseded_by FOREIGN KEY(programme_code, superseded_by) REFERENCES edition (programme_code, serial),
        CONSTRAINT ck_edition_recall_superseded_later CHECK (superseded_by > serial)
    )
    """,
)
_FUNCTIONS = (
    # A consent is withdrawn once; a proposal that was published or overtaken stays so.
    """
    CREATE FUNCTION keep_consent_withdrawn() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.withdrawn_at IS NOT NULL THEN PERFORM refuse_as('ck_list_consent_withdrawn_once'); END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION keep_proposal_settled() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.status <> 'frozen' THEN PERFORM refuse_as('ck_list_proposal_settled_once'); END IF;
        RETURN NEW;
    END $$
    """,
)
_TRIGGERS = {"list_consent": "keep_consent_withdrawn", "list_proposal": "keep_proposal_settled"}


def upgrade() -> None:
    _widen(", 'judgement', 'consent_withdrawal'", ", 'department'")
    for statement in (*_DDL, *_FUNCTIONS):
        op.execute(statement)
    for table, function in _TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {function} BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()")
    for table in _IMMUTABLE:
        op.execute(
            f"CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    for table in _TABLES:
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for role, grants in _GRANTS.items():
        for grant in grants:
            op.execute(f"GRANT {grant} TO {role}")


def _widen(bases: str, clients: str) -> None:
    """What may stand behind a change of a list, and who may be a client."""
    for table, column, words in (
        ("edition_change", "basis", _BASES.format(more=bases)),
        ("api_client", "role", _CLIENTS.format(more=clients)),
    ):
        name = op.f(f"ck_{table}_{column}")
        op.drop_constraint(name, table)
        op.create_check_constraint(name, table, f"{column} IN ({words})")


def downgrade() -> None:
    op.execute("REVOKE SELECT (programme_code, serial, uscc, change, entry) ON edition_change FROM peiyu_evaluation")
    for table in reversed(_TABLES):
        op.drop_table(table)
    for function in _TRIGGERS.values():
        op.execute(f"DROP FUNCTION {function}")
    _widen("", "")
