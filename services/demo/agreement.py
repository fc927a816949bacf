"""Does what the round reported agree with itself and with the database?"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from services.demo.api import DemoError
from shared.settings import Settings

# reported figure: the same, counted in the database.
_COUNTED = {
    "applications_imported": "SELECT count(*) FROM application_snapshot WHERE channel IN ('workbook', 'bulk')",
    "rows_rejected": "SELECT sum(rows_rejected) FROM application_import WHERE NOT validate_only",
    "lines_imported": "SELECT count(*) FROM application_snapshot WHERE channel = 'bulk'",
    "evidence_stored": "SELECT count(*) FROM attachment WHERE removed_at IS NULL",
    "applications_returned": "SELECT count(*) FROM application WHERE status = 'returned'",
    "judged": "SELECT count(*) FROM assessment WHERE current",
    "met": "SELECT count(*) FROM assessment WHERE current AND overall = 'met'",
    "not_met": "SELECT count(*) FROM assessment WHERE current AND overall = 'not_met'",
    "unknown": "SELECT count(*) FROM assessment WHERE current AND overall = 'unknown'",
    "deviations": "SELECT count(*) FROM assessment WHERE current AND overall = 'deviation'",
    "objections_upheld": "SELECT count(DISTINCT assessment_id) FROM objection WHERE status = 'upheld'",
    "objections_dismissed": "SELECT count(*) FROM objection WHERE status = 'dismissed'",
    "admitted": "SELECT count(*) FROM membership WHERE upper_inf(during)",
    "cap": "SELECT cap FROM pool",
    "edition_serial": "SELECT max(serial) FROM edition",
    "edition_count": "SELECT entry_count FROM edition ORDER BY serial DESC LIMIT 1",
}


async def check_agreement(settings: Settings, figures: dict[str, int]) -> None:
    """DemoError naming every figure that contradicts another or the database."""
    wrong = [
        f"{name}: reported {figures[name]}, stored {stored}" for name, stored in await _differing(settings, figures)
    ]
    sums = {
        "judged = met + not_met + unknown + deviations": figures["judged"]
        == sum(figures[name] for name in ("met", "not_met", "unknown", "deviations")),
        "rows_read = applications_imported + rows_rejected": figures["rows_read"]
        == figures["applications_imported"] + figures["rows_rejected"],
        "applied = judged + returned": figures["applications_imported"] + figures["applications_single"]
        == figures["judged"] + figures["applications_returned"],
        "admitted <= met + deviations": figures["admitted"] <= figures["met"] + figures["deviations"],
        "admitted <= cap": figures["admitted"] <= figures["cap"],
        "edition_count = admitted": figures["edition_count"] == figures["admitted"],
        "bank_pulled_count = edition_count": figures["bank_pulled_count"] == figures["edition_count"],
    }
    wrong += [f"not so: {sentence}" for sentence, holds in sums.items() if not holds]
    if wrong:
        raise DemoError("; ".join(wrong))


async def _differing(settings: Settings, figures: dict[str, int]) -> list[tuple[str, int]]:
    engine = create_async_engine(settings.database_url.get_secret_value())
    async with engine.connect() as connection:
        stored = {name: (await connection.execute(text(query))).scalar_one() for name, query in _COUNTED.items()}
    await engine.dispose()
    return [(name, count) for name, count in stored.items() if count != figures[name]]
