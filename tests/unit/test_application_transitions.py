"""The table of an application's life says each thing once, and names only what exists."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

import pytest

from services.intake.applications.form import ApplicationForm
from services.intake.applications.sections import section_of, sections_at, sections_named
from services.intake.applications.transitions import TABLE, Act, Status, act_between, next_status, scope_of
from shared.models.intake.applications import APPLICATION_SECTIONS, APPLICATION_STATUSES
from shared.security.actor import ROLE_SCOPES


def test_the_table_names_every_act_and_status_once() -> None:
    assert set(TABLE) == set(get_args(Act))
    assert set(get_args(Status)) == set(APPLICATION_STATUSES)
    pairs = [(before, after) for rule in TABLE.values() for before, after in rule.moves.items()]
    assert len(pairs) == len(set(pairs)), "an act can be told from where it leads from and to"
    for act, rule in TABLE.items():
        for before, after in rule.moves.items():
            assert (next_status(before, act), act_between(before, after)) == (after, act)
        if act != "save_draft":
            assert len(set(rule.moves.values())) == 1, act


def test_who_may_act_has_the_scope_of_its_route_and_says_why_where_asked() -> None:
    for act, rule in TABLE.items():
        assert rule.must_say_why <= rule.roles
        if rule.scope is None:
            with pytest.raises(LookupError):
                scope_of(act)
            continue
        holders = {role for role, scopes in ROLE_SCOPES.items() if rule.scope in scopes}
        assert holders, act
        # Other roles act through another door only: a workbook, or the national system's batch.
        assert rule.roles - holders <= {"province_officer", "national_system"}, act
        assert holders <= rule.roles, act


def test_every_status_is_reached_and_only_a_selection_ends_it() -> None:
    reached: set[str | None] = {None}
    while True:
        more = {after for rule in TABLE.values() for before, after in rule.moves.items() if before in reached}
        if more <= reached:
            break
        reached |= more
    assert reached - {None} == set(APPLICATION_STATUSES)
    for status in APPLICATION_STATUSES:
        assert any(rule.moves.get(status) not in (None, status) for rule in TABLE.values()), status


def test_every_field_of_the_form_belongs_to_one_section_in_the_order_of_the_form() -> None:
    sections = [section_of(field) for field in ApplicationForm.model_fields]
    assert tuple(dict.fromkeys(sections)) == APPLICATION_SECTIONS
    assert all(APPLICATION_SECTIONS.index(one) <= APPLICATION_SECTIONS.index(two) for one, two in pairwise(sections))
    assert sections_at("") == APPLICATION_SECTIONS
    assert sections_at("/patents/0/kind") == ("patents",)
    assert sections_at("/contact_name") == ("enterprise",)
    assert sections_at("/enterprise") == sections_at("/nothing") == ()
    assert sections_named(["/people/rd_staff", "/name", "/people"]) == ["enterprise", "people"]
