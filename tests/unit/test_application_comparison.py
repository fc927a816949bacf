"""Comparing two revisions: what is told is all there is, applied to the old form it gives the new one."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.forms import form, patent, with_changes

from services.intake.applications.comparison import KEYS, FieldChange, changes_between, keyed

few = st.sampled_from(["甲", "乙#2", "丙/~", "#", "", None])
value = st.one_of(st.none(), st.booleans(), st.integers(0, 3), st.sampled_from(["1.00", "2024-01-01"]))


def _entries(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), st.lists(st.fixed_dictionaries(members), max_size=4))


forms = st.fixed_dictionaries(
    {
        "name": few,
        "established_on": value,
        "finance": st.fixed_dictionaries({"revenue_cny": value, "profit_cny": value}),
        "people": st.one_of(st.none(), st.fixed_dictionaries({"employees": value})),
        "qualifications": _entries(type=few, certificate_no=few, expires_on=value),
        "products": _entries(name=few, is_main=value),
        "patents": _entries(application_no=few, kind=value, product_names=st.lists(few, max_size=2)),
        "collaborations": _entries(partner=few, agreement_to=value),
        "trademark_nos": st.one_of(st.none(), st.lists(st.sampled_from(["1", "2", "2#2"]), max_size=4)),
    }
)


def _tokens(pointer: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def applied(before: dict[str, Any], changes: list[FieldChange]) -> dict[str, Any]:
    """A reader's own way of applying changes, from what the documentation says of them."""
    after = copy.deepcopy(before)
    lists = {name: keyed(after[name], KEYS[name]) for name in KEYS if isinstance(after.get(name), list)}
    for change in changes:
        field, *inner = _tokens(change.pointer)
        match change.kind:
            case "reordered":
                lists[field] = {key: lists[field][key] for key in change.after}
            case "removed":
                assert lists[field].pop(inner[0]) == change.before
            case "added":
                lists[field][inner[0]] = change.after
            case "changed" if not inner:
                lists.pop(field, None)
                after[field] = change.after
            case "changed":
                holder = lists[field] if field in lists else after[field]
                for token in inner[:-1]:
                    holder = holder[token]
                assert holder[inner[-1]] == change.before
                holder[inner[-1]] = change.after
    return after | {field: list(entries.values()) for field, entries in lists.items()}


@given(forms, forms)
def test_changes_applied_to_the_old_form_give_the_new_one(before: dict[str, Any], after: dict[str, Any]) -> None:
    changes = changes_between(before, after)
    assert applied(before, changes) == after
    assert (changes == []) == (before == after)
    # Entries that neither came nor went nor changed are not spoken of.
    assert all(change.before != change.after for change in changes)


def test_entries_are_matched_by_what_names_them() -> None:
    before = form(1)
    after = with_changes(form(1), "finance", rd_expense_cny="13000000.00")
    after["patents"] = [patent(99), before["patents"][1] | {"granted_on": "2022-03-01"}]
    after["trademark_nos"] = None
    number, gone, new = (one["application_no"] for one in (before["patents"][1], before["patents"][0], patent(99)))
    told = [(change.kind, change.pointer, change.section) for change in changes_between(before, after)]
    assert told == [
        ("changed", "/finance/rd_expense_cny", "finance"),
        ("changed", "/trademark_nos", "trademark_nos"),
        ("removed", f"/patents/{gone}", "patents"),
        ("added", f"/patents/{new}", "patents"),
        ("changed", f"/patents/{number}/granted_on", "patents"),
        ("reordered", "/patents", "patents"),
    ]
    # A field that an older form did not have yet is one that it left open.
    assert changes_between({}, {"finance": None}) == []
