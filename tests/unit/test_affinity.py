"""Affinity by parts against the same said pair by pair, and the reasons that it gives."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.finance.matchmaking.affinity import UNKNOWN, Affinity, best_partners
from services.finance.matchmaking.classes import industry_chain, ipc_chain, ipc_symbol
from services.finance.matchmaking.explanation import part_scores
from services.finance.matchmaking.gathering import Gathering, Scoring
from services.finance.matchmaking.profiles import Profile
from services.finance.matchmaking.reasons import Reasons
from services.finance.matchmaking.solver import solve
from services.finance.matchmaking.terms import PARTS, match_terms
from services.finance.matchmaking.texts import words
from services.finance.matchmaking.wording import wan

TERMS = match_terms()
ROADSHOW = TERMS.kinds["roadshow"]
WAN = 1_000_000
TEXTS = ("", "光纤激光器国产替代", "激光焊接设备", "新能源汽车动力电池", "电池回收与梯次利用", "酸性药物中间体")
IPC = ("H01S3/067", "H01S3/10", "H01S", "H01M10/05", "B23K26/21", "A61K")
INDUSTRIES = ("C", "39", "397", "3976", "3841", "2710")
WUHAN, YICHANG = "420100", "420500"


def few(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple)


amounts = st.none() | st.sampled_from([100 * WAN, 500 * WAN, 560 * WAN, 3000 * WAN])


@st.composite
def profiles(draw: st.DrawFn, name: str) -> Profile:
    least, most = draw(amounts), draw(amounts)
    if least is not None and most is not None and least > most:
        least, most = most, least
    return Profile(
        id=name,
        name=f"【虚构】{name}",
        capacity=draw(st.integers(0, 2)),
        ipc=draw(few(*map(ipc_symbol, IPC))),
        industries=draw(few(*INDUSTRIES)),
        least=least,
        most=most,
        regions=draw(few(WUHAN, YICHANG, "420000", "000000")),
        stages=draw(few("seed", "growth")),
        text=draw(st.sampled_from(TEXTS)),
    )


enterprises = st.integers(1, 3).flatmap(lambda size: st.tuples(*(profiles(f"e{n}") for n in range(size))))
partners = st.integers(1, 3).flatmap(lambda size: st.tuples(*(profiles(f"p{n}") for n in range(size))))


def deepest(mine: tuple[str, ...], theirs: tuple[str, ...], chain: object, levels: tuple[int, ...]) -> int:
    if not mine or not theirs:
        return UNKNOWN
    depths = [
        sum(a == b for a, b in zip(chain(one), chain(other), strict=False))  # pyright: ignore[reportCallIssue]
        for one, other in product(mine, theirs)
    ]
    return levels[max(depths) - 1] if max(depths) else 0


def money(one: Profile, other: Profile) -> int:
    if not one.amount_known or not other.amount_known:
        return UNKNOWN
    (low, high), (least, most) = [(p.least or 0, math.inf if p.most is None else p.most) for p in (one, other)]
    if low <= most and least <= high:
        return 1000
    return TERMS.affinity.near_score if low * 5 <= most * 6 and least * 5 <= high * 6 else 0


def regions(one: Profile, other: Profile) -> int:
    if not one.regions or not other.regions:
        return UNKNOWN
    whole = {"420000", "000000"}
    mine, theirs = set(one.regions), set(other.regions)
    return 1000 if mine & theirs or mine & whole or theirs & whole else 0


def likeness(one: Profile, other: Profile, texts: list[str]) -> int:
    def vector(text: str) -> dict[str, float]:
        counts = Counter(words(text, TERMS.affinity.common_words))
        having = {word: sum(word in words(each, TERMS.affinity.common_words) for each in texts) for word in counts}
        return {
            word: (1 + math.log(count)) * (math.log((1 + len(texts)) / (1 + having[word])) + 1)
            for word, count in counts.items()
        }

    mine, theirs = vector(one.text), vector(other.text)
    if not mine or not theirs:
        return UNKNOWN
    lengths = [math.sqrt(sum(weight**2 for weight in each.values())) for each in (mine, theirs)]
    return round(1000 * sum(mine[word] * theirs[word] for word in mine.keys() & theirs.keys()) / math.prod(lengths))


@given(enterprises, partners)
def test_rows_are_what_pairs_are(rows: tuple[Profile, ...], columns: tuple[Profile, ...]) -> None:
    affinity = Affinity(rows, columns, ROADSHOW, TERMS.affinity)
    backwards = Affinity(columns, rows, ROADSHOW, TERMS.affinity)
    texts = [one.text for one in (*rows, *columns)]
    for one in rows:
        row = affinity.row(one)
        for number, other in enumerate(columns):
            expected = [
                deepest(one.ipc, other.ipc, ipc_chain, TERMS.affinity.ipc_levels),
                deepest(one.industries, other.industries, industry_chain, TERMS.affinity.industry_levels),
                money(one, other),
                regions(one, other),
                UNKNOWN if not (one.stages and other.stages) else 1000 * bool(set(one.stages) & set(other.stages)),
                likeness(one, other, texts),
            ]
            found = row.parts[:, number].tolist()
            assert found[:5] == expected[:5]
            assert abs(found[5] - expected[5]) <= 1  # float32 against float64
            assert row.barred[number] == any(expected[PARTS.index(part)] == 0 for part in ROADSHOW.bars)
            same = backwards.row(other)
            assert same.parts[:, rows.index(one)].tolist() == found


@given(enterprises, partners)
def test_every_pair_meets_or_has_its_reason(rows: tuple[Profile, ...], columns: tuple[Profile, ...]) -> None:
    gathering = Gathering(
        "roadshow", 2, 1, rows, columns, {("e0", "p0"): frozenset({"partner"})}, {}, {("e1", "p0"): "持股"}
    )
    scoring = Scoring(gathering, ROADSHOW, TERMS)
    pairs = solve(scoring.matching(), seconds=30, seed=14).pairs
    met = {(rows[row].id, columns[column].id) for row, column in pairs}
    reasons = Reasons(scoring, met)
    for one in rows:
        told = {reason.other: reason for reason in reasons.of(one.id)}
        assert told.keys() == {other.id for other in columns} - {column for row, column in met if row == one.id}
        assert all(reason.text and reason.code not in {"fairness", "settled"} for reason in told.values())
    assert {reason.other for reason in reasons.of("p0")} == {one.id for one in rows} - {
        row for row, column in met if column == "p0"
    }
    assert Gathering.from_json(gathering.as_json()) == gathering
    for one in rows:
        scored = scoring.of(one)
        for number, other in enumerate(columns):
            parts = part_scores(scoring, one, other, scored, number)
            mean = sum(part.counted * part.weight for part in parts) // sum(part.weight for part in parts)
            assert mean == int(scored.row.points[number])


@given(enterprises, partners)
def test_telling_a_fit_never_lowers_and_telling_a_misfit_never_raises(
    rows: tuple[Profile, ...], columns: tuple[Profile, ...]
) -> None:
    one, other = replace(rows[0], stages=()), replace(columns[0], stages=("seed",))

    def points(stages: tuple[str, ...]) -> int:
        told = replace(one, stages=stages)
        return int(Affinity([told], [other], ROADSHOW, TERMS.affinity).row(told).points[0])

    assert points(("growth",)) <= points(()) <= points(("seed",))


def test_the_best_are_the_best() -> None:
    side = [Profile(f"p{n}", "", 1, ipc=(ipc_symbol(code),)) for n, code in enumerate(IPC)]
    one = Profile("e", "", 1, ipc=("H01S3/067",))
    affinity = Affinity([one], side, ROADSHOW, TERMS.affinity)
    points = affinity.row(one).points.tolist()
    expected = sorted(range(len(side)), key=lambda place: (-points[place], place))
    for count in (1, 3, 6, 9):
        assert best_partners(affinity, one, count) == [(place, points[place]) for place in expected[:count]]
    assert expected[:3] == [0, 1, 2]


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"least": 3000 * WAN}, "misfit_amount", "票面3000万元起，需求500万元"),
        ({"most": 100 * WAN}, "misfit_amount", "票面100万元以内，需求500万元"),
        ({"regions": (YICHANG,)}, "misfit_region", "投向宜昌市，企业在武汉市"),
        ({"stages": ("mature",)}, "misfit_stage", "投向成熟期，企业处于种子期"),
        ({"ipc": ("A61K",), "industries": ("2710",)}, "below_floor", "契合度0.11，低于安排见面的下限0.25"),
        ({"capacity": 0}, "other_full", "对方容量已满（不接受见面，容量为0）"),
    ],
)
def test_reasons_have_figures(changes: dict[str, object], code: str, text: str) -> None:
    need = Profile(
        "e", "【虚构】需方", 2, ("H01S3/067",), ("3976",), 500 * WAN, 500 * WAN, (WUHAN,), ("seed",), "光纤激光器"
    )
    offer = Profile("p", "【虚构】供方", 2, ("H01S",), ("397",), None, None, (), (), "投资光纤激光")
    told = replace(offer, **changes)  # pyright: ignore[reportArgumentType]
    terms = replace(TERMS, affinity=replace(TERMS.affinity, unknown=0)) if code == "below_floor" else TERMS
    scoring = Scoring(Gathering("roadshow", 2, 2, (need,), (told,), {}, {}, {}), ROADSHOW, terms)
    assert not solve(scoring.matching(), seconds=30, seed=14).pairs
    (reason,) = Reasons(scoring, ()).of("e")
    assert (reason.code, reason.text) == (code, text)


def test_symbols_and_amounts_are_written_one_way() -> None:
    assert [ipc_symbol(text) for text in ("h01s 3/067", "H01S03/00", "H01S 3")] == ["H01S3/067", "H01S3", "H01S3"]
    assert ipc_chain("H01S3/067") == ("H", "H01", "H01S", "H01S3", "H01S3/067")
    for wrong in ("", "I01", "H1", "H01S/1"):
        with pytest.raises(ValueError, match="IPC"):
            ipc_symbol(wrong)
    assert [wan(one) for one in (3000 * WAN, 5_000, 0, 10**13)] == ["3000万元", "0.005万元", "0万元", "10000000万元"]


def test_kinds_are_data() -> None:
    assert set(TERMS.kinds) == {"roadshow", "challenge", "university_patents", "deputy"}
    assert TERMS.kinds["challenge"].bars == frozenset()
