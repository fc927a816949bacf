"""Administrative divisions of the province: counties, and the cities (市州) they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from shared.reference.province import province
from shared.reference.tables import read_table

# Directly administered units are county-level and have no prefecture above them, so each is a city of its own.
# Their codes share the first four digits (such as 4290): those four digits are not a city.
_COUNTY_LEVELS = frozenset({"county", "county_direct"})


@dataclass(frozen=True, slots=True)
class Division:
    """A division by its GB/T 2260 code. `city_code` is None only for the province itself."""

    code: str
    name: str
    type: str
    city_code: str | None
    is_county: bool

    @property
    def is_city(self) -> bool:
        """Whether it is one of the 市州: a prefecture-level city or a directly administered unit."""
        return self.city_code == self.code


def _division(row: dict[str, str]) -> Division:
    is_county = row["level"] in _COUNTY_LEVELS
    is_city = row["is_city"] == "1"
    city_code = row["code"] if is_city else row["parent_code"] or None
    return Division(row["code"], row["name"], row["type"], city_code, is_county)


@cache
def _divisions(folder: Path) -> Mapping[str, Division]:
    return MappingProxyType({row["code"]: _division(row) for row in read_table(folder / "divisions.csv")})


def divisions() -> Mapping[str, Division]:
    """Every division of the province by code, the province itself first."""
    return _divisions(province().folder)


def division(code: str) -> Division:
    """The division with this six-digit code; KeyError where the province has none."""
    return divisions()[code]


def is_registered_division(code: str) -> bool:
    """Whether an enterprise can be registered there: a county-level division of the province (附件1)."""
    found = divisions().get(code)
    return found is not None and found.is_county


def city_of(division_code: str) -> str:
    """Code of the city (市州) of a county or of a city itself; KeyError for any other code."""
    city_code = divisions()[division_code].city_code
    if city_code is None:
        raise KeyError(division_code)
    return city_code


def cities() -> tuple[Division, ...]:
    """The cities (市州) in the order of their codes."""
    return tuple(one for one in divisions().values() if one.is_city)


def counties_of(city_code: str) -> tuple[Division, ...]:
    """County-level divisions of a city; a directly administered unit is its own only one. KeyError if not a city."""
    if not division(city_code).is_city:
        raise KeyError(city_code)
    return tuple(one for one in divisions().values() if one.is_county and one.city_code == city_code)
