"""A province's programme as figures read it: applications of one cycle, members past and present, reports, loans."""

from __future__ import annotations

import json

import asyncpg

from services.demo.invented_enterprises import invented_forms
from shared.reference.divisions import cities
from shared.reference.province import province

CYCLE = "bench"
# As many have left as are in.
_STATEMENTS = (
    "UPDATE pool SET live = {members}",
    """
    INSERT INTO cycle (id, code, title, rulebook_id, rulebook_digest, opens_at, closes_at, assessed_on)
    VALUES (uuidv7(), '{cycle}', 'bench', 'bench', 'bench', now() - interval '90 days', now() + interval '9 days', now())
    """,
    """
    INSERT INTO enterprise (id, uscc, name, division_code, city_code)
    SELECT uuidv7(), '91' || lpad(number::text, 16, '0'), '【虚构】企业' || number, city.code, city.code
    FROM generate_series(1, {applications}) AS number JOIN bench_city AS city ON city.n = number % (SELECT count(*) FROM bench_city)
    """,
    "INSERT INTO enterprise_code (code, scheme, enterprise_id, kind) SELECT uscc, 'uscc', id, 'current' FROM enterprise",
    """
    INSERT INTO application (id, cycle_id, enterprise_id, city_code, status, revision, return_reasons,
        reopened_sections, correct_until, status_reason, submitted_at)
    SELECT uuidv7(), c.id, e.id, e.city_code, s.status, CASE s.status WHEN 'draft' THEN 0 ELSE 1 END,
        CASE s.status WHEN 'returned' THEN '[]'::jsonb END, CASE s.status WHEN 'returned' THEN '{{people}}'::text[] END,
        CASE s.status WHEN 'returned' THEN now() + make_interval(days => e.n::int % 60) END, 'bench',
        CASE WHEN s.status <> 'draft' THEN now() END
    FROM cycle AS c, (SELECT *, row_number() OVER (ORDER BY id) AS n FROM enterprise) AS e
    CROSS JOIN LATERAL (SELECT ('{{draft,submitted,returned,recommended,passed_on,passed_on,passed_on,not_recommended,withdrawn}}'::text[])
        [1 + e.n % 9] AS status) AS s
    """,
    """
    INSERT INTO application_snapshot (id, application_id, revision, payload, digest, submitted_by, channel)
    SELECT uuidv7(), a.id, 1, form.payload, '', '', 'http'
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM application WHERE status = 'passed_on') AS a
    JOIN bench_form AS form ON form.n = a.n % (SELECT count(*) FROM bench_form)
    WHERE a.n <= 2 * {members}
    """,
    """
    INSERT INTO assessment (id, application_id, snapshot_id, cycle_id, city_code, uscc, rulebook_digest, assessed_on,
        overall, receipt, receipt_digest, inputs_digest, conflicts, current)
    SELECT uuidv7(), a.id, coalesce(s.id, uuidv7()), a.cycle_id, a.city_code, e.uscc, '', now(), 'met', '', '', '', 0, true
    FROM application AS a JOIN enterprise AS e ON e.id = a.enterprise_id
    LEFT JOIN application_snapshot AS s ON s.application_id = a.id WHERE a.status = 'passed_on'
    """,
    """
    INSERT INTO selection_plan (id, cycle_id, pool_code, status, inputs_digest, summary, valid_until, proposed_by,
        approved_by, approved_at, committed_by, committed_at)
    SELECT uuidv7(), id, '{pool}', 'committed', '', '{{}}', current_date + 1, 'a', 'b', now(), 'a', now() FROM cycle
    """,
    """
    INSERT INTO membership (id, pool_code, uscc, city_code, during, plan_id, ended_reason, ended_by_plan)
    SELECT uuidv7(), '{pool}', m.uscc, m.city_code, tstzrange(now() - interval '400 days',
        CASE WHEN m.n % 2 = 0 THEN now() - make_interval(days => (m.n % 390)::int) END), p.id,
        CASE WHEN m.n % 2 = 0 THEN 'graduated' END, CASE WHEN m.n % 2 = 0 THEN p.id END
    FROM selection_plan AS p, (SELECT a.*, row_number() OVER (ORDER BY a.id) AS n FROM assessment AS a
        JOIN application_snapshot AS s ON s.id = a.snapshot_id) AS m
    """,
    """
    INSERT INTO membership_baseline (membership_id, assessment_id, receipt_digest)
    SELECT m.id, a.id, '' FROM membership AS m JOIN assessment AS a ON a.uscc = m.uscc
    """,
    """
    INSERT INTO reporting_period (id, code, title, pool_code, covers_from, covers_to, opens_at, closes_at, opened_by)
    SELECT uuidv7(), 'p' || n, 'bench', '{pool}', current_date - 100 * n, current_date - 100 * n + 99,
        now() - make_interval(days => 100 * n), now() - make_interval(days => 100 * n - 98), 'bench'
    FROM generate_series(1, 4) AS n
    """,
    """
    INSERT INTO progress_report (id, period_id, enterprise_id, status, revision, version, decided_by, decided_at)
    SELECT uuidv7(), p.id, e.id, 'accepted', 1, 1, 'bench', now() FROM reporting_period AS p, membership AS m
    JOIN enterprise AS e ON e.uscc = m.uscc WHERE hashtext(m.uscc || p.code) % 3 = 0
    """,
    """
    INSERT INTO support_action (id, kind, uscc, city_code, source, happened_on, provider, amount_fen, claim, recorded_by,
        report_id, report_revision, source_key)
    SELECT uuidv7(), 'ip_pledge_loan', m.uscc, m.city_code, 'report', current_date - n::int, '【虚构】银行', 100000 * n,
        m.uscc || n, 'bench', m.id, 1, m.uscc || n
    FROM membership AS m, generate_series(1, 10) AS n
    """,
    """
    INSERT INTO figure_change (topic, city_code, changes) SELECT topic, city.code, 7 FROM bench_city AS city,
        unnest('{{application,assessment,membership,enterprise,support_action}}'::text[]) AS topic, generate_series(1, 50)
    """,
    "ANALYZE",
)


async def fill(url: str, applications: int, members: int) -> None:
    """`applications` of one cycle in every state and city, `members` who are in the pool and as many who left it."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    # The guards of the ledgers stand in the way of a past that never was: what is measured is reading.
    await connection.execute("SET session_replication_role = replica")
    await connection.execute("CREATE TEMP TABLE bench_city (n int, code text)")
    await connection.copy_records_to_table("bench_city", records=enumerate(sorted(one.code for one in cities())))
    await connection.execute("CREATE TEMP TABLE bench_form (n int, payload jsonb)")
    forms = [json.dumps(one, ensure_ascii=False) for one in invented_forms(count=members)]
    await connection.copy_records_to_table("bench_form", records=enumerate(forms))
    words = {"applications": applications, "members": members, "cycle": CYCLE, "pool": province().pool_code}
    for statement in _STATEMENTS:
        await connection.execute(statement.format(**words))
    await connection.close()
