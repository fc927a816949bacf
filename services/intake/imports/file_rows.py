"""A file's rows as read, whatever its format, and what depends on the rows before: repetition and the share of errors."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from services.intake.applications.bulk_submission import PreparedForm, prepare
from services.intake.applications.schemas import ApplicationForm
from services.intake.applications.submission import check_reach
from shared.errors import Problem, Violation
from shared.security.actor import Actor


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: its line in an NDJSON file, or sheet, row and key cell in a workbook."""

    row: int
    sheet: str | None = None
    cell: str | None = None


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row: a form ready to store, or no form and every reason why. `uscc` as far as it could be read."""

    place: Place
    uscc: str | None
    form: PreparedForm | None = None
    violations: tuple[Violation, ...] = ()


def good_row(place: Place, form: ApplicationForm, actor: Actor) -> FileRow:
    """The row of a valid form, unless it is outside the actor's reach; CPU-bound."""
    try:
        check_reach(actor, form)
    except Problem as problem:
        return FileRow(place, form.uscc, violations=violations_at(place, problem))
    return FileRow(place, form.uscc, prepare(form))


def violations_at(place: Place, problem: Problem) -> tuple[Violation, ...]:
    """A refusal of the whole row: at the fields that it names, in a workbook at the row's key cell."""
    named = problem.violations or (_whole_row(problem),)
    if place.cell is None:
        return named
    return tuple(replace(violation, pointer=None, cell=place.cell) for violation in named)


def _whole_row(problem: Problem) -> Violation:
    """The refusal with its detail, such as the present code of an enterprise whose code was superseded."""
    kind = problem.kind
    message_zh = f"{kind.title_zh}：{problem.detail_zh}" if problem.detail_zh else kind.title_zh
    message_en = f"{kind.title_en}: {problem.detail_en}" if problem.detail_en else kind.title_en
    return Violation(kind.code, message_zh, message_en, pointer="/uscc")


@dataclass(slots=True)
class RowGate:
    """Takes rows in the order of the file; stops once more than `max_error_share` of at least `after` is wrong.

    Only what the file itself shows counts as wrong: an enterprise that has applied before says nothing of the file.
    """

    max_error_share: float
    after: int
    read: int = 0
    rejected: int = 0
    _first: dict[str, int] = field(default_factory=dict[str, int], init=False)

    def take(self, row: FileRow) -> FileRow:
        """The row, or its rejection where the enterprise stood on an earlier row."""
        first = row.place.row if row.uscc is None else self._first.setdefault(row.uscc, row.place.row)
        if row.form is not None and first != row.place.row:
            row = _repeated(row, first)
        self.read += 1
        self.rejected += row.form is None
        return row

    @property
    def is_exceeded(self) -> bool:
        return self.read >= self.after and self.rejected > self.max_error_share * self.read


def _repeated(row: FileRow, first: int) -> FileRow:
    violation = Violation(
        "duplicate_in_file",
        f"与第 {first} 行是同一企业，本行未采用",
        f"Same enterprise as row {first}; this row is not used",
        pointer="/uscc" if row.place.cell is None else None,
        cell=row.place.cell,
    )
    return FileRow(row.place, row.uscc, violations=(violation,))
