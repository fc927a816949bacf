"""Scoring: exact, level outside the scale, monotone where the scale is, unknown said, refused when incomplete."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.evaluation.rulebooks.errors import RulebookError
from services.evaluation.rulebooks.loader import load_rulebook, rulebook_by_id
from services.evaluation.rulebooks.scoring import Breakpoint, Scoring, ScoringGroup, ScoringIndicator, score, share_at
from services.evaluation.selection.explanation import rounded, score_explained
from services.evaluation.selection.ranking import Candidate, rank
from shared.reference.province import province

BEFORE = """\
id = "example-2024"
title = "示例"
source_document = "示例文件"
effective_from = 2024-06-06

[[criterion]]
number = 1
key = "first"
clause = "附件1"
title = "第一条"
text = "第一条的文字"

[[criterion.part]]
key = "only"
title = "唯一"
kind = "hard"
test = "legal_person"

"""
SECTION = """\
[scoring]
total = 10
decimals = 1
basis = "理由"
unknown_share = "0.25"
unknown_basis = "理由"

[[scoring.indicator]]
key = "rate"
title = "比率"
numerator = "industrialised_patents"
denominator = "valid_patents"
weight = 7
scale = [{ at = "0.5", share = "0.5" }, { at = 1, share = 1 }]
basis = "理由"

[[scoring.indicator]]
key = "money"
title = "投入"
numerator = "rd_expense_cny"
group = "research"
weight = 5
scale = [{ at = 0, share = 0 }, { at = 1000000, share = 1 }]
basis = "理由"

[[scoring.group]]
key = "research"
title = "研发"
cap = 3
basis = "理由"

[[reserve]]
key = "giant"
title = "小巨人"
test = "qualification_little_giant_national OR city_code = '420100'"
basis = "理由"
"""
RULEBOOK = load_rulebook(BEFORE + SECTION, origin="example.toml")
HUBEI = rulebook_by_id(province().rulebooks, "hubei-2024")
_share = st.fractions(0, 1, max_denominator=20)
_at = st.lists(st.fractions(0, 5, max_denominator=20), min_size=2, max_size=5, unique=True).map(sorted)
_count = st.none() | st.integers(0, 30)
_facts = st.fixed_dictionaries(
    dict.fromkeys(("industrialised_patents", "valid_patents", "rd_staff", "employees"), _count)
    | {name: st.none() | st.integers(0, 10**9) for name in ("rd_expense_cny", "revenue_cny")}
)


def _scoring() -> Scoring:
    assert RULEBOOK.scoring is not None
    return RULEBOOK.scoring


@pytest.mark.parametrize(
    ("industrialised", "valid", "money", "points", "total"),
    [
        (1, 2, 0, Fraction(7, 2), Fraction(7, 2)),
        (1, 3, 0, Fraction(7, 2), Fraction(7, 2)),
        (2, 3, 0, Fraction(14, 3), Fraction(14, 3)),
        (3, 3, 500_000_00, Fraction(7), Fraction(19, 2)),
        # 5 points reached, of which the group lets 3 count.
        (3, 3, 2_000_000_00, Fraction(7), Fraction(10)),
        (0, 0, 0, Fraction(7, 4), Fraction(7, 4)),
        (1, None, 0, Fraction(7, 4), Fraction(7, 4)),
    ],
)
def test_points_are_exact_and_capped(industrialised, valid, money, points, total) -> None:
    facts = {"industrialised_patents": industrialised, "valid_patents": valid, "rd_expense_cny": money}
    given_score = score(_scoring(), facts)
    assert (given_score.indicators[0].points, given_score.total) == (points, total)


@given(_at, st.data())
def test_a_rising_scale_never_falls_and_stays_between_its_ends(at: list[Fraction], data: st.DataObject) -> None:
    shares = sorted(data.draw(st.lists(_share, min_size=len(at), max_size=len(at))))
    scale = tuple(Breakpoint(*pair) for pair in zip(at, shares, strict=True))
    values = sorted(data.draw(st.lists(st.fractions(-1, 6, max_denominator=50), min_size=2, max_size=8)))
    given_shares = [share_at(scale, value) for value in values]
    assert all(low <= high for low, high in pairwise(given_shares))
    assert all(shares[0] <= one <= shares[-1] for one in given_shares)
    assert [share_at(scale, point.at) for point in scale] == shares


@given(_facts, _facts)
def test_hubei_scores_lie_between_nothing_and_the_total_and_sum_up(facts, others) -> None:
    assert HUBEI.scoring is not None
    one = score(HUBEI.scoring, facts)
    assert 0 <= one.total <= HUBEI.scoring.total == 100
    ungrouped = sum(part.points for part in one.indicators if part.indicator.group is None)
    assert one.total == ungrouped + sum(part.points for part in one.groups)
    # More of what is counted for, all else equal, never scores less.
    if facts["industrialised_patents"] is not None and others["industrialised_patents"] is not None:
        other = score(HUBEI.scoring, facts | {"industrialised_patents": others["industrialised_patents"]})
        rises = others["industrialised_patents"] >= facts["industrialised_patents"]
        assert (other.total >= one.total) if rises else (other.total <= one.total)


@given(_facts, st.sampled_from(["industrialised_patents", "valid_patents", "rd_staff", "rd_expense_cny"]))
def test_what_is_withheld_never_scores_more_and_is_called_unknown(facts, withheld: str) -> None:
    assert HUBEI.scoring is not None
    less = facts | {withheld: None}
    given_score = score(HUBEI.scoring, less)
    assert given_score.total <= score(HUBEI.scoring, facts).total
    explained = score_explained(HUBEI.scoring, given_score, less)
    for indicator in HUBEI.scoring.indicators:
        if withheld in (indicator.numerator, indicator.denominator):
            (told,) = (one for one in explained["indicators"] if one["key"] == indicator.key)
            assert (told["value"], told["segment"], told["value_text"]) == (None, None, "未知")
            assert "未知" in told["text"]


def test_an_explanation_says_value_points_and_segment() -> None:
    facts = {"industrialised_patents": 2, "valid_patents": 3, "rd_expense_cny": 200_000_000}
    told = score_explained(_scoring(), score(_scoring(), facts), facts)
    assert (told["total"], told["exact"], told["most"]) == ("7.7", "23/3", "10")
    assert [one["text"] for one in told["indicators"]] == [
        "比率 66.67%，在 50.00% 至 100.00% 之间按直线计，得 4.7 分（满分 7 分）",
        "投入 2000000 元，达到 1000000 元，按最高一档计，得 5.0 分（满分 5 分）",
    ]
    assert told["groups"][0]["text"] == "研发各项合计 5.0 分，以 3 分封顶"
    unknown = score_explained(_scoring(), score(_scoring(), {}), {})
    assert "缺少：" in unknown["indicators"][0]["text"]
    assert "25.00%" in unknown["indicators"][0]["text"]


@given(st.fractions(-1000, 1000), st.integers(0, 6))
def test_rounding_is_half_up_and_within_half_a_digit(value: Fraction, decimals: int) -> None:
    assert abs(Fraction(rounded(value, decimals)) - value) * 2 <= Fraction(1, 10**decimals)


def test_halves_round_up() -> None:
    assert [rounded(Fraction(value), 2) for value in ("0.125", "0.124999", "2.675", "0")] == [
        "0.13",
        "0.12",
        "2.68",
        "0.00",
    ]


def test_scores_are_compared_exactly_and_ties_end_with_the_code() -> None:
    def candidate(uscc: str, *facts: int) -> Candidate:
        values = dict(zip(("industrialised_patents", "valid_patents", "rd_expense_cny"), facts, strict=True))
        return Candidate(uscc, uscc, "420100", "", "met", values, score(_scoring(), values))

    ranked = rank((), [candidate("b", 2, 3, 0), candidate("c", 2_000_001, 3_000_000, 0), candidate("a", 2, 3, 0)])
    # Shown alike, yet one is a little more.
    assert {rounded(one.score.total, 1) for one in ranked if one.score} == {"4.7"}
    assert [one.uscc for one in ranked] == ["c", "a", "b"]


def test_an_unknown_fact_takes_no_reserved_place() -> None:
    (reserve,) = RULEBOOK.reserves
    assert reserve.holds({"qualification_little_giant_national": True}, "420200")
    assert reserve.holds({}, "420100")
    assert not reserve.holds({}, "420200")
    assert not reserve.holds({"qualification_little_giant_national": False}, "420200")


LINES = (BEFORE + SECTION).split("\n")
SCORING, TOTAL = (LINES.index(line) + 1 for line in ("[scoring]", "total = 10"))
CHANGED = 0


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ('"valid_patents"', '"valid_patent"', "unknown_fact", CHANGED),
        ('"valid_patents"', '"legal_person"', "type_mismatch", CHANGED),
        ("weight = 7", "weight = 6", "weights", TOTAL),
        ("cap = 3", "cap = 2", "weights", TOTAL),
        ("weight = 7", "weight = 7.0", "malformed", CHANGED),
        ("weight = 7", "weight = 0", "malformed", CHANGED),
        ('at = "0.5"', "at = 1", "breakpoints", CHANGED),
        ('share = "0.5" }, { at = 1, share = 1 }', 'share = "0.5" }', "missing", CHANGED),
        (
            'share = "0.5" }, { at = 1, share = 1 }',
            'share = "0.5" }, { at = 1, share = "0.9" }',
            "breakpoints",
            CHANGED,
        ),
        ('share = "0.5" }', 'share = "0.5", more = 1 }', "unknown_key", CHANGED),
        ('share = "0.5"', 'share = "-1"', "malformed", CHANGED),
        ('group = "research"', 'group = "other"', "unknown_group", CHANGED),
        ('key = "money"', 'key = "rate"', "duplicate", CHANGED),
        ('unknown_basis = "理由"\n', "", "missing", SCORING),
        ('unknown_share = "0.25"', 'unknown_share = "1.5"', "malformed", CHANGED),
        ("decimals = 1", "decimals = 9", "malformed", CHANGED),
        ("'420100'", "'440100'", "unknown_option", CHANGED),
        ("OR city_code = '420100'", "OR pg_sleep(9)", "not_allowed", CHANGED),
        ("OR city_code = '420100'", "OR county = '1'", "unknown_fact", CHANGED),
    ],
)
def test_a_scoring_that_cannot_be_right_is_refused_with_file_and_line(old: str, new: str, code: str, line: int) -> None:
    assert old in SECTION
    with pytest.raises(RulebookError) as refusal:
        load_rulebook(BEFORE + SECTION.replace(old, new, 1), origin="example.toml")
    line = line or BEFORE.count("\n") + SECTION[: SECTION.index(old)].count("\n") + 1
    assert (code, "example.toml", line) in {(one.code, one.origin, one.line) for one in refusal.value.faults}


def test_city_codes_are_for_reserved_places_only() -> None:
    with pytest.raises(RulebookError, match="city_code"):
        load_rulebook(BEFORE.replace('"legal_person"', "\"city_code = '420100'\""), origin="example.toml")


def test_groups_cap_what_they_hold() -> None:
    indicator = ScoringIndicator(
        "a",
        "甲",
        "employees",
        None,
        Fraction(4),
        "g",
        (Breakpoint(Fraction(0), Fraction(0)), Breakpoint(Fraction(1), Fraction(1))),
        "理由",
    )
    scoring = Scoring(
        Fraction(3), 0, "理由", Fraction(0), "理由", (indicator,), (ScoringGroup("g", "组", Fraction(3), "理由"),)
    )
    assert score(scoring, {"employees": 5}).total == 3
