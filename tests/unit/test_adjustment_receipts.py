"""Receipts of adjustment: canonical, replayed byte for byte; the radar; what counts as progress."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from services.evaluation.adjustment.members import members_frame
from services.evaluation.adjustment.outcomes import outcomes
from services.evaluation.adjustment.progress import Figures, progress_made, would_count
from services.evaluation.adjustment.radar import advice, stalled
from services.evaluation.adjustment.receipts import receipts, replay
from services.evaluation.adjustment.rules import provincial_rules
from services.evaluation.rulebooks.errors import FactError
from tests.unit.adjustment_oracle import ON, members, months_later

(RULES,) = provincial_rules()
MEMBER: dict[str, Any] = {
    "membership_id": "m",
    "uscc": "u",
    "city_code": "420100",
    "admitted_on": date(2024, 7, 31),
    "latest_industrialised": 10,
    "latest_valid": 23,
    "latest_sales": 110_000_000,
    "progress_known": True,
    "incident_kinds": [],
    "held_graduation": False,
    "held_exit": False,
}


@settings(max_examples=25)
@given(rows=st.lists(members(), max_size=6))
def test_receipts_are_canonical_and_replay_byte_for_byte(rows: list[dict[str, Any]]) -> None:
    frame = members_frame([{**row, "membership_id": f"成员{at}"} for at, row in enumerate(rows)])
    texts = receipts(RULES, frame, outcomes(RULES, frame, ON), ON)
    assert len(texts) == len(rows)
    for text in texts:
        content = json.loads(text)
        assert rfc8785.dumps(content).decode() == text
        assert content["rules"] == {"digest": RULES.digest, "id": RULES.id}
        assert replay(text, RULES) == text


def test_a_receipt_under_other_rules_or_forged_replays_to_another_text() -> None:
    frame = members_frame([MEMBER])
    (text,) = receipts(RULES, frame, outcomes(RULES, frame, ON), ON)
    assert replay(text, RULES.changed(stall_months=36)) != text
    forged = text.replace('"outcome":"stay"', '"outcome":"graduate"').replace(
        '"outcome":"unknown_graduation"', '"outcome":"graduate"'
    )
    assert forged != text
    assert replay(forged, RULES) == text


def test_the_order_of_incidents_says_nothing() -> None:
    kinds = ["tax_evasion", "data_falsification", "tax_evasion"]
    frames = [members_frame([MEMBER | {"incident_kinds": order}]) for order in (kinds, kinds[:2][::-1])]
    one, other = (receipts(RULES, frame, outcomes(RULES, frame, ON), ON) for frame in frames)
    assert one == other


def test_what_is_no_receipt_is_refused() -> None:
    frame = members_frame([MEMBER])
    (text,) = receipts(RULES, frame, outcomes(RULES, frame, ON), ON)
    for wrong in ("", "[]", "{}", '{"format":"adjustment-receipt/1"}', text.replace(ON.isoformat(), "soon")):
        with pytest.raises(ValueError, match=r".*"):
            replay(wrong, RULES)
    with pytest.raises(FactError):
        replay(text.replace('"held_exit":false', '"held_exit":null'), RULES)
    other = members_frame([MEMBER | {"membership_id": "n"}])
    with pytest.raises(ValueError, match="other members"):
        receipts(RULES, frame, outcomes(RULES, other, ON), ON)


def test_the_radar_shows_each_from_the_day_of_its_month() -> None:
    shown: list[int] = []
    for months in (12, 18, 21):
        day = months_later(MEMBER["admitted_on"], months)
        before = date.fromordinal(day.toordinal() - 1)
        assert stalled(RULES, members_frame([MEMBER]), before)["months"].to_list() == shown
        assert stalled(RULES, members_frame([MEMBER]), day)["months"].to_list() == [months]
        shown = [months]
    row = stalled(RULES, members_frame([MEMBER]), date(2026, 8, 1)).row(0, named=True)
    assert row == {
        "membership_id": "m",
        "months": 21,
        "since": date(2024, 7, 31),
        "term_ends_on": date(2026, 7, 31),
        "overdue": True,
        "known": True,
    }


def test_progress_starts_the_term_again_or_ends_the_question() -> None:
    frame = members_frame([MEMBER | {"progress_on": date(2025, 8, 1)}])
    assert stalled(RULES, frame, ON).height == 0
    assert stalled(RULES, frame, date(2026, 8, 1))["since"].to_list() == [date(2025, 8, 1)]
    once = RULES.changed(stall_from="admission")
    assert stalled(once, frame, date(2026, 8, 1)).height == 0
    assert stalled(once, members_frame([MEMBER]), date(2026, 8, 1)).height == 1


def test_advice_has_the_members_own_figures() -> None:
    assert advice(RULES, members_frame([MEMBER]).row(0, named=True)) == [
        "新增产业化专利：产业化专利再增加 1 件以上（目前 10 件）",
        "专利产业化率提高：再提高 2 个百分点以上（目前 10/23 件，43.47%；有效专利件数不变时须达到 11 件）",
        "新增获认定的专利密集型产品：再有 1 件以上专利产品获认定为专利密集型产品",
        "已认定产品年销售额增长：再增长 10% 以上（目前 110.00 万元，须达到 121.00 万元）",
    ]
    unknown = " ".join(would_count(RULES, Figures(None, None, None, None)))
    assert "目前件数未知" in unknown
    assert "目前产业化率未知" in unknown
    assert "目前数额未知" in unknown
    assert "已无从再提高" in would_count(RULES, Figures(10, 10, 0, 0))[1]


@pytest.mark.parametrize(
    ("after", "kind", "made"),
    [
        (Figures(11, 50, 1, 100), "industrialised_patents", True),
        (Figures(10, 50, 1, 100), "industrialised_patents", False),
        (Figures(None, 50, 1, 100), "industrialised_patents", None),
        (Figures(11, 50, 1, 100), "industrialisation_rate", True),
        (Figures(11, 51, 1, 100), "industrialisation_rate", False),
        (Figures(11, 0, 1, 100), "industrialisation_rate", None),
        (Figures(10, 50, 2, 100), "intensive_products", True),
        (Figures(10, 50, 1, 110), "product_sales", True),
        (Figures(10, 50, 1, 109), "product_sales", False),
        (Figures(10, 50, 1, None), "product_sales", None),
    ],
)
def test_progress_is_measured_from_the_figures_before(after: Figures, kind: str, made: bool | None) -> None:
    assert dict(progress_made(RULES, Figures(10, 50, 1, 100), after))[kind] is made  # pyright: ignore[reportArgumentType] (a word of the table)
