"""The ten standards of 附件 once more, written from the plan's text alone with fractions: slow, plain, independent."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, TypeAlias

from hypothesis import strategies as st

Facts: TypeAlias = dict[str, Any]

# Kleene's three values as numbers: 且 is min, 或 is max, 非 is 1 - x.
NO, UNKNOWN, YES = Fraction(0), Fraction(1, 2), Fraction(1)
WORDS = {NO: "not_met", UNKNOWN: "unknown", YES: "met"}

FEN_PER_WAN = 10_000 * 100
LARGEST = 10**15

QUALIFICATIONS = (
    "qualification_sme_specialised",
    "qualification_little_giant_national",
    "qualification_high_tech",
    "qualification_ip_advantage",
    "qualification_ip_demonstration",
    "qualification_industrial_ip_pilot",
)
FLAGS = (
    "registered_in_province",
    "legal_person",
    "patent_intensive",
    *QUALIFICATIONS,
    "core_patent_on_main_product",
    "main_product_filed",
    "rd_leader_named",
    "collaboration_active",
    "own_brand",
    "ip_policy",
    "ip_unit",
    "ip_budget",
    "abnormal_filing",
    "major_accident",
    "violation",
    "serious_dishonesty",
)


def _yes(value: bool | None) -> Fraction:
    return UNKNOWN if value is None else YES if value else NO


def _at_least(value: Fraction | None, threshold: Fraction) -> Fraction:
    return UNKNOWN if value is None else YES if value >= threshold else NO


def _quotient(part: int | None, whole: int | None) -> Fraction | None:
    return None if part is None or whole is None or whole == 0 else Fraction(part, whole)


def _in_wan(fen: int | None) -> Fraction | None:
    return None if fen is None else Fraction(fen, FEN_PER_WAN)


def _for_a_person(otherwise: Fraction) -> Fraction:
    """What a person must still judge is at best unknown."""
    return min(otherwise, UNKNOWN)


def standards(facts: Facts, *, inventions_only: bool = False) -> dict[int, str]:
    """Verdict on each of the ten, before any reviewer has looked: met, not_met or unknown.

    附件5 says 专利 and not which: all three kinds, or (the stricter reading) `inventions_only`.
    """
    kind = "_invention" if inventions_only else ""
    size = facts["size_class"]
    is_sme = UNKNOWN if size is None else YES if size in {"medium", "small", "micro"} else NO
    rd_share = _quotient(facts["rd_expense_cny"], facts["revenue_cny"])
    staff_share = _quotient(facts["rd_staff"], facts["employees"])
    has_ip_staff = _at_least(None if facts["ip_staff"] is None else Fraction(facts["ip_staff"]), Fraction(1))
    values = {
        1: min(_yes(facts["registered_in_province"]), _yes(facts["legal_person"]), is_sme),
        2: max(_yes(facts[name]) for name in QUALIFICATIONS),
        3: _yes(facts["patent_intensive"]),
        4: min(_yes(facts["core_patent_on_main_product"]), _yes(facts["main_product_filed"])),
        5: _at_least(
            _quotient(facts[f"industrialised{kind}_patents"], facts[f"valid{kind}_patents"]), Fraction(50, 100)
        ),
        6: max(
            _at_least(rd_share, Fraction(10, 100)),
            _at_least(_in_wan(facts["rd_expense_cny"]), Fraction(500)),
        ),
        7: min(
            _for_a_person(_yes(facts["rd_leader_named"])),
            max(_at_least(staff_share, Fraction(20, 100)), _yes(facts["collaboration_active"])),
        ),
        8: _for_a_person(_yes(facts["own_brand"])),
        9: _for_a_person(min(_yes(facts["ip_policy"]), _yes(facts["ip_unit"]), has_ip_staff, _yes(facts["ip_budget"]))),
        10: 1
        - max(_yes(facts[name]) for name in ("abnormal_filing", "major_accident", "violation", "serious_dishonesty")),
    }
    return {number: WORDS[value] for number, value in values.items()}


def whole(verdicts: dict[int, str]) -> str:
    """The application: failed by one standard, else open by one, else met."""
    return next(word for word in ("not_met", "unknown", "met") if word in verdicts.values())


class _Dice:
    """Choices read off one large integer: hundreds of times faster than a strategy for each."""

    def __init__(self, number: int) -> None:
        self.number = number

    def below(self, count: int) -> int:
        self.number, rolled = divmod(self.number, count)
        return rolled

    def one_of(self, *options: Any) -> Any:
        return options[self.below(len(options))]

    def pair(self, part: int | None, wholes_per_part: int) -> tuple[int | None, int | None]:
        """(part, whole), mostly within a step of the threshold part/whole = 1/wholes_per_part."""
        edge = None if part is None else max(part * wholes_per_part + self.below(5) - 2, 0)
        return part, self.one_of(edge, edge, edge, 0, 1, self.below(40_000), None)


def _figures(dice: _Dice) -> Facts:
    edge_of_500_wan = 500 * FEN_PER_WAN + dice.below(5) - 2
    patents = dice.one_of(0, 1, dice.below(20), dice.below(10_000), None)
    money = dice.one_of(0, 1, dice.below(100), edge_of_500_wan, dice.below(LARGEST // 10), LARGEST // 10 - 1, None)
    industrialised, valid = dice.pair(patents, 2)
    inventions, valid_inventions = dice.pair(dice.one_of(patents, dice.below(9)), 2)
    rd_expense, revenue = dice.pair(money, 10)
    rd_staff, employees = dice.pair(dice.one_of(0, 1, dice.below(20), dice.below(10_000), None), 5)
    return {
        "size_class": dice.one_of("large", "medium", "small", "micro", None),
        "industrialised_patents": industrialised,
        "valid_patents": valid,
        "industrialised_invention_patents": inventions,
        "valid_invention_patents": valid_inventions,
        "rd_expense_cny": rd_expense,
        "revenue_cny": revenue,
        "rd_staff": rd_staff,
        "employees": employees,
        "ip_staff": dice.one_of(None, 0, 1, 2),
    }


def application(number: int) -> Facts:
    """Facts of one application, any of them possibly missing, figures crowded around the thresholds."""
    dice = _Dice(number)
    # Mostly yes to what is asked and no to what is forbidden, so that other standards get to decide.
    flags = {name: dice.one_of(True, True, False, None) for name in FLAGS[:-4]}
    # Of six alternatives each is mostly lacking, so that sometimes all are.
    flags |= {name: dice.one_of(True, False, False, None) for name in QUALIFICATIONS}
    forbidden = {name: dice.one_of(False, False, False, True, None) for name in FLAGS[-4:]}
    return flags | forbidden | _figures(dice)


def applications() -> st.SearchStrategy[Facts]:
    return st.integers(0, 2**260).map(application)


# What a faultless application says; every boundary is approached from here.
FAULTLESS: Facts = {
    **dict.fromkeys(FLAGS[:-4], True),
    **dict.fromkeys(FLAGS[-4:], False),
    "size_class": "small",
    "industrialised_patents": 8,
    "valid_patents": 10,
    "industrialised_invention_patents": 4,
    "valid_invention_patents": 5,
    "rd_expense_cny": 600 * FEN_PER_WAN,
    "revenue_cny": 3000 * FEN_PER_WAN,
    "rd_staff": 30,
    "employees": 100,
    "ip_staff": 1,
}
# (part, whole, share asked for) of each quotient.
SHARES = (
    ("industrialised_patents", "valid_patents", Fraction(50, 100)),
    ("industrialised_invention_patents", "valid_invention_patents", Fraction(50, 100)),
    ("rd_expense_cny", "revenue_cny", Fraction(10, 100)),
    ("rd_staff", "employees", Fraction(20, 100)),
)
WHOLES = (
    0,
    1,
    2,
    3,
    5,
    9,
    10,
    11,
    99,
    10_000,
    50 * 10**8 - 1,
    50 * 10**8,
    50 * 10**8 + 1,
    2**49 + 1,
    LARGEST - 1,
    LARGEST,
)
AMOUNT = 500 * FEN_PER_WAN


def around(edge: Fraction) -> set[int]:
    """Exactly at the threshold (or the whole numbers either side of it), one unit below and one above."""
    floor = int(edge)
    return {number for number in (floor - 1, floor, floor + 1, floor + 2) if 0 <= number <= LARGEST}


def boundaries() -> list[Facts]:
    """Every threshold of the plan from both sides, by itself and with the other arm of its 或 closed or open."""
    rows: list[Facts] = [FAULTLESS]
    for part, whole_, share in SHARES:
        for number in WHOLES:
            for value in around(share * number):
                rows += [FAULTLESS | {part: value, whole_: number, "collaboration_active": arm} for arm in ARMS]
    for spent in around(Fraction(AMOUNT)):
        rows += [FAULTLESS | {"rd_expense_cny": spent, "revenue_cny": revenue} for revenue in (None, *WHOLES)]
    rows += [FAULTLESS | {"ip_staff": people} for people in (0, 1, 2)]
    rows += [FAULTLESS | {"size_class": size} for size in ("large", "medium", "small", "micro")]
    return rows


ARMS = (True, False, None)


def single_changes() -> list[Facts]:
    """One fact turned over or missing; for the six qualifications each by itself, too."""
    rows = [FAULTLESS | {name: None} for name in FAULTLESS]
    rows += [FAULTLESS | {name: not FAULTLESS[name]} for name in FLAGS]
    none: Facts = FAULTLESS | dict.fromkeys(QUALIFICATIONS, False)
    return [*rows, none, *({**none, name: value} for name in QUALIFICATIONS for value in (True, None))]
