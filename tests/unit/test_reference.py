"""Reference data: the province, its divisions, industries and qualifications."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from services.intake.applications.schemas import QualificationType
from shared.reference.divisions import cities, city_of, counties_of, division, divisions, is_registered_division
from shared.reference.industries import industries, industry, industry_classes, is_industry_class
from shared.reference.province import load_province, province
from shared.reference.qualifications import qualification_types

DIRECT_UNITS = ("429004", "429005", "429006", "429021")


def test_the_default_province_has_its_cap_with_the_reading_behind_it() -> None:
    here = province()
    assert (here.code, here.name, here.time_zone.key, here.cap) == ("420000", "湖北省", "Asia/Shanghai", 500)
    assert here.cap_counts == "live_members"
    assert "500家" in here.cap_basis
    assert here.programme.endswith("专利产业化促进中小企业成长计划")
    assert here.pool_name.endswith("样板企业培育库")
    assert here.rulebooks == here.folder / "rulebooks"


@pytest.mark.parametrize("name", ["atlantis", "../provinces/hubei", "Hubei"])
def test_a_province_without_data_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEIYU_PROVINCE", name)
    with pytest.raises(LookupError, match="PEIYU_PROVINCE"):
        # Around the cache: other tests keep the province they started with.
        province.__wrapped__()


def test_an_empty_setting_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEIYU_PROVINCE", "")
    assert province.__wrapped__() == province()


def test_a_province_is_read_from_any_folder(tmp_path: Path) -> None:
    text = (province().folder / "province.toml").read_text(encoding="utf-8")
    (tmp_path / "province.toml").write_text(text.replace("cap = 500", "cap = 30"), encoding="utf-8")
    lists = (province().folder / "programmes.toml").read_text(encoding="utf-8")
    (tmp_path / "programmes.toml").write_text(lists, encoding="utf-8")
    elsewhere = load_province(tmp_path)
    assert (elsewhere.cap, elsewhere.folder) == (30, tmp_path)


def test_there_are_17_cities_and_103_counties_each_in_one_city() -> None:
    assert len(cities()) == 17
    counties = [county for city in cities() for county in counties_of(city.code)]
    assert len({county.code for county in counties}) == len(counties) == 103
    assert {county.code for county in counties} == {code for code in divisions() if is_registered_division(code)}
    assert all(city_of(county.code) == city.code for city in cities() for county in counties_of(city.code))


@pytest.mark.parametrize("code", DIRECT_UNITS)
def test_a_directly_administered_unit_is_a_county_and_a_city_of_its_own(code: str) -> None:
    assert is_registered_division(code)
    assert city_of(code) == code
    assert division(code) in cities()
    assert counties_of(code) == (division(code),)


def test_other_counties_belong_to_their_prefecture() -> None:
    assert (division("420106").name, city_of("420106"), division(city_of("420106")).name) == (
        "武昌区",
        "420100",
        "武汉市",
    )
    assert city_of("422801") == "422800"
    assert city_of("420100") == "420100"


@pytest.mark.parametrize("code", ["420000", "420100", "422800", "429000", "440106", "420199", "", "武昌区"])
def test_prefectures_the_province_and_foreign_codes_are_no_place_of_registration(code: str) -> None:
    assert not is_registered_division(code)


def test_codes_without_a_city_are_refused() -> None:
    for code in ("420000", "429000", "440106"):
        with pytest.raises(KeyError):
            city_of(code)
    with pytest.raises(KeyError):
        counties_of("420106")


def test_the_classification_of_industries_is_complete() -> None:
    levels = [one.level for one in industries().values()]
    assert [levels.count(level) for level in (1, 2, 3, 4)] == [20, 97, 473, 1382]
    assert len(industry_classes()) == 1382
    assert all([above.level for above in one.ancestors] == [1, 2, 3] for one in industry_classes())


def test_a_class_knows_what_is_above_it() -> None:
    one = industry("3976")
    assert (one.name, one.codes) == ("光电子器件制造", ("3976", "397", "39", "C"))
    assert [above.name for above in one.ancestors] == ["制造业", "计算机、通信和其他电子设备制造业", "电子器件制造"]


@pytest.mark.parametrize(
    ("code", "expected"), [("3976", True), ("0111", True), ("397", False), ("C", False), ("9999", False), ("", False)]
)
def test_only_four_digit_classes_of_the_standard_count(code: str, *, expected: bool) -> None:
    assert is_industry_class(code) is expected


def test_every_qualification_that_the_form_offers_is_known() -> None:
    types = qualification_types()
    assert set(types) == set(get_args(QualificationType))
    assert types["high_tech"].validity_years == 3
    assert types["industrial_ip_pilot"].validity_years is None


def test_provincial_names_stay_in_the_province_folder() -> None:
    root = Path(__file__).parents[2]
    outside = [path for top in ("services", "shared") for path in (root / top).rglob("*.py")]
    naming = [path.relative_to(root).as_posix() for path in outside if "湖北" in path.read_text(encoding="utf-8")]
    assert outside
    assert naming == []
