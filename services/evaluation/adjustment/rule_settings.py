"""The settings a file of adjustment rules must give: their names, kinds and ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from services.evaluation.rulebooks.errors import RulebookError
from services.evaluation.rulebooks.parameters import Parameter
from services.evaluation.rulebooks.tables import Place

# Percentages with four decimals of at most 1000: figures up to FACT_LIMIT multiplied crosswise fit 128 bits.
_MOST_DECIMALS = 4
_LARGEST_PERCENT = 1000
NEVER = "never"

_PERCENTS: Mapping[str, int] = {
    "rate_points": 100,
    "rate_relative_percent": _LARGEST_PERCENT,
    "sales_growth_percent": _LARGEST_PERCENT,
    "profit_growth_percent": _LARGEST_PERCENT,
}
_WHOLES: Mapping[str, tuple[int, int]] = {
    "new_products": (1, 1000),
    "stall_months": (1, 1200),
    "reply_working_days": (1, 250),
    "credits_per_graduate": (0, 100),
}
_WHOLES_OR_NEVER: Mapping[str, tuple[int, int]] = {"credit_valid_months": (1, 1200)}
_FLAGS = ("credits_carry_over",)
_CHOICES: Mapping[str, frozenset[str]] = {
    "rate_needs": frozenset({"points", "relative", "either", "both"}),
    "stall_from": frozenset({"admission", "last_progress"}),
    "stall_effect": frozenset({"immediate", "after_notice"}),
}
_TEXTS = ("grouping",)
SETTINGS = frozenset({*_PERCENTS, *_WHOLES, *_WHOLES_OR_NEVER, *_FLAGS, *_CHOICES, *_TEXTS})


@dataclass(frozen=True, slots=True)
class Settings:
    """The parameters of a file, each checked when it is asked for; RulebookError names the line."""

    parameters: Mapping[str, Parameter]
    lines: Mapping[str, int]
    top: Place

    def __post_init__(self) -> None:
        if absent := sorted(SETTINGS - self.parameters.keys()):
            raise self.top.error("missing", f"parameters are missing: {', '.join(absent)}")
        if strange := sorted(self.parameters.keys() - SETTINGS):
            raise self._place(strange[0]).error("unknown_key", f"unknown parameters: {', '.join(strange)}")

    def percent(self, name: str) -> Fraction:
        """A percentage or number of percentage points, above zero."""
        return percent(self.parameters[name].number, _PERCENTS[name], self._place(name))

    def whole(self, name: str) -> int:
        return self._whole(name, *_WHOLES[name])

    def whole_or_never(self, name: str) -> int | None:
        """None for "never"."""
        return None if self.parameters[name].value == NEVER else self._whole(name, *_WHOLES_OR_NEVER[name])

    def flag(self, name: str) -> bool:
        if not isinstance(value := self.parameters[name].value, bool):
            raise self._place(name).error("malformed", "`value` must be true or false")
        return value

    def choice(self, name: str) -> str:
        parameter = self.parameters[name]
        if set(parameter.options) ^ _CHOICES[name]:
            raise self._place(name).error("malformed", f"`options` must be {', '.join(sorted(_CHOICES[name]))}")
        return str(parameter.value)

    def text(self, name: str) -> str:
        return str(self.parameters[name].value)

    def error(self, name: str, code: str, message: str) -> RulebookError:
        return self._place(name).error(code, message)

    def _whole(self, name: str, least: int, most: int) -> int:
        value = self.parameters[name].value
        if type(value) is not int:
            raise self._place(name).error("malformed", "`value` must be a whole number")
        if not least <= value <= most:
            raise self._place(name).error("out_of_range", f"`value` must lie between {least} and {most}")
        return value

    def _place(self, name: str) -> Place:
        return Place(self.top.origin, self.lines.get(name, 1), f"parameters.{name}")


def percent(number: Fraction | None, most: int, place: Place) -> Fraction:
    """Raises RulebookError where it is none, not above zero, beyond `most`, or of more than four decimals."""
    if number is None:
        raise place.error("malformed", 'must be a number such as "12.5"')
    if not 0 < number <= most or (number * 10**_MOST_DECIMALS).denominator != 1:
        raise place.error("out_of_range", f"must lie above 0, at most {most}, with at most {_MOST_DECIMALS} decimals")
    return number
