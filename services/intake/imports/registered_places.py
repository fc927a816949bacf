"""Find the registered county (县、市、区) that a person wrote: by name, by name after its city, or by code."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from services.intake.imports.cell_values import CellError
from services.intake.imports.workbook_choices import plain
from shared.reference.divisions import cities, counties_of

_PEOPLES = re.compile(r"(?<=^..)(?:.{1,4}族)+自治州$")
_PROVINCE = re.compile(r"^[^省]{2,3}省")
_SEPARATORS = re.compile(r"[/\\·、,，\-—]")


@dataclass(frozen=True, slots=True)
class Place:
    """A county-level division and the city (市州) it belongs to; a directly administered one is its own city."""

    code: str
    name: str
    city_code: str
    city_name: str


class PlaceIndex:
    """The province's county-level divisions, looked up by what people write."""

    def __init__(self, places: Sequence[Place]) -> None:
        self.places = tuple(places)
        self._by_code = {place.code: place for place in places}
        self._cities = {name: place.city_code for place in places for name in _city_names(place)}
        self._by_name: dict[str, list[Place]] = defaultdict(list)
        for place in places:
            for name in _county_names(place):
                self._by_name[name].append(place)

    def find(self, county: str | None, city: str | None) -> str | None:
        """The division's code; None when nothing was written. A code that is not known is returned as it is.

        Raises CellError `city_unknown`, `division_unknown`, `division_ambiguous` or `division_city_mismatch`.
        """
        wanted_city = self._city(city)
        if county is None:
            return self._only_county(wanted_city)
        if re.fullmatch(r"\d{6}", county):
            place = self._by_code.get(county)
            if place and wanted_city not in (None, place.city_code):
                raise _city_mismatch()
            return county
        return self._named(_PROVINCE.sub("", _SEPARATORS.sub("", plain(county))), wanted_city)

    def check_city(self, city: str | None) -> None:
        """Raise CellError `city_unknown` unless this is a city of the province, or nothing."""
        self._city(city)

    def _city(self, text: str | None) -> str | None:
        if text is None:
            return None
        code = self._cities.get(_PROVINCE.sub("", plain(text)))
        if code is None:
            raise CellError("city_unknown", "不是本省的市州", "Not a city of the province")
        return code

    def _only_county(self, city_code: str | None) -> str | None:
        return city_code if city_code in self._by_code else None

    def _named(self, name: str, city_code: str | None) -> str:
        named = self._by_name.get(name, [])
        within = [place for place in named if city_code in (None, place.city_code)]
        if not named:
            raise CellError(
                "division_unknown", "不是本省的县（市、区）名称或代码", "Not a county-level division of the province"
            )
        if not within:
            raise _city_mismatch()
        if len(within) > 1:
            raise CellError("division_ambiguous", "有同名的县（市、区），请同时填写市州", "Several have this name")
        return within[0].code


def registered_places() -> PlaceIndex:
    """The counties of the province in use, by city in the order of their codes."""
    return PlaceIndex(
        [
            Place(county.code, county.name, city.code, city.name)
            for city in cities()
            for county in counties_of(city.code)
        ]
    )


def _city_names(place: Place) -> set[str]:
    """An autonomous prefecture is also known by its place alone, with or without 州; a city also without 市."""
    full = plain(place.city_name)
    short = _PEOPLES.sub("", full)
    known = {full, short, f"{short}州"} if short != full else {full, full.removesuffix("市"), full.removesuffix("林区")}
    return known | {place.city_code}


def _county_names(place: Place) -> set[str]:
    """武昌区 and 武汉市武昌区."""
    county = plain(place.name)
    return {county} | {city + county for city in _city_names(place)}


def _city_mismatch() -> CellError:
    return CellError("division_city_mismatch", "该县（市、区）不属于所填市州", "The county is not in the stated city")
