"""The one number fact that a score or the order of ranking counts: named itself, or by a derivation that stands for it."""

from __future__ import annotations

from services.evaluation.rulebooks.catalogue import catalogue
from services.evaluation.rulebooks.derivations import Derivations
from services.evaluation.rulebooks.errors import ExpressionError
from services.evaluation.rulebooks.linear import Linear
from services.evaluation.rulebooks.names import Meaning, number_of_fact
from services.evaluation.rulebooks.tables import Table, nearest_of, or_rather


def counted_fact(table: Table, key: str, derivations: Derivations) -> str:
    """The fact that the name under `key` means, so that a setting changes tests and ranking alike.

    Tells the table's faults; the name itself stands in where it means none.
    """
    if not (name := table.text(key)):
        return name
    try:
        return _meant(name, derivations)
    except ExpressionError as error:
        table.place.tell_expression(error, key)
        return name


def _meant(name: str, derivations: Derivations) -> str:
    meaning = derivations.lookup(name)
    if meaning is not None:
        return _alone(name, meaning)
    if (fact := catalogue().get(name)) is None:
        english, chinese = or_rather(nearest_of(name, {*catalogue(), *(one.name for one in derivations)}))
        raise ExpressionError(
            "unknown_fact",
            f"no fact and no derivation is called `{name}`{english}",
            f"没有名为 `{name}` 的数据项或派生量{chinese}",
        )
    number_of_fact(fact)
    return name


def _alone(name: str, meaning: Meaning) -> str:
    if isinstance(meaning, Linear) and not meaning.constant and list(meaning.terms.values()) == [1]:
        (atom,) = meaning.terms
        if not atom.added:
            return atom.fact
    raise ExpressionError(
        "not_a_fact",
        f"`{name}` stands for more than one number fact: ranking counts facts",
        f"`{name}` 不只是一个数值数据项：评分和排序只取单个数据项",
    )
