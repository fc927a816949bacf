"""Adding up what a change of rulebook does, batch by batch."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from services.evaluation.impact.comparison import VERDICT_OF_CODE, Compared, Matrix
from services.evaluation.impact.schemas import CriterionImpact, ImpactSummary, Transition
from services.evaluation.rulebooks.rulebook import Rulebook


@dataclass(slots=True)
class Tally:
    """Counts over the batches seen so far, against the rulebooks that judged them."""

    after: Rulebook
    before: dict[str, Rulebook] = field(default_factory=dict[str, Rulebook])
    unreadable: int = 0
    changed: int = 0
    changed_in_part: int = 0
    findings_set_aside: int = 0
    deviations_set_aside: int = 0
    matrix: Matrix = field(default_factory=Counter)
    criteria: defaultdict[str, Matrix] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, before: Rulebook, compared: Compared) -> None:
        self.before[before.digest] = before
        changed = int(compared.rows["overall"].sum())
        self.changed += changed
        self.changed_in_part += compared.rows.height - changed
        self.findings_set_aside += compared.findings_set_aside
        self.deviations_set_aside += compared.deviations_set_aside
        self.matrix.update(compared.matrix)
        for key, matrix in compared.criteria.items():
            self.criteria[key].update(matrix)

    def summary(self) -> ImpactSummary:
        old = {criterion.key: criterion for one in self.before.values() for criterion in one.criteria}
        new = {criterion.key: criterion for criterion in self.after.criteria}
        return ImpactSummary(
            judged=self.matrix.total(),
            unreadable=self.unreadable,
            changed=self.changed,
            changed_in_part=self.changed_in_part,
            transitions=_transitions(self.matrix),
            criteria=[
                CriterionImpact(
                    key=key,
                    number_before=old[key].number,
                    number_after=criterion.number,
                    title=criterion.title,
                    changed=sum(count for (was, now), count in self.criteria[key].items() if was != now),
                    transitions=_transitions(self.criteria[key]),
                )
                for key, criterion in new.items()
                if key in self.criteria
            ],
            criteria_added=[key for key in new if old and key not in old],
            criteria_removed=[key for key in old if key not in new],
            findings_set_aside=self.findings_set_aside,
            deviations_set_aside=self.deviations_set_aside,
        )


def _transitions(matrix: Matrix) -> list[Transition]:
    """The best verdicts first; only what occurs."""
    best_first = VERDICT_OF_CODE[::-1]
    return [
        Transition(before=was, after=now, count=matrix[was, now])
        for was in best_first
        for now in best_first
        if matrix[was, now]
    ]
