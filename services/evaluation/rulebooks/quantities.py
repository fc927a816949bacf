"""The one number fact that a score or the order of ranking counts: named itself, or by a derivation that stands for it."""

from __future__ import annotations

from services.evaluation.rulebooks.catalogue import catalogue
from services.evaluation.rulebooks.derivations import Derivations
from services.evaluation.rulebooks.linear import Linear
from services.evaluation.rulebooks.names import Meaning
from services.evaluation.rulebooks.tables import Table


def counted_fact(table: Table, name: str, derivations: Derivations) -> str:
    """The fact that `name` means, so that a setting changes tests and ranking alike. Raises RulebookError."""
    meaning = derivations.lookup(name)
    if meaning is not None:
        return _alone(table, name, meaning)
    if (fact := catalogue().get(name)) is None:
        raise table.place.error("unknown_fact", f"no fact and no derivation is called `{name}`")
    if not fact.is_number:
        raise table.place.error("type_mismatch", f"{name} is {fact.type}, not a number")
    return name


def _alone(table: Table, name: str, meaning: Meaning) -> str:
    if isinstance(meaning, Linear) and not meaning.constant and list(meaning.terms.values()) == [1]:
        (atom,) = meaning.terms
        if not atom.added:
            return atom.fact
    raise table.place.error("not_a_fact", f"`{name}` stands for more than one number fact: ranking counts facts")
