"""One file of rules being read: where things stand in it, and all the faults found so far."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from functools import cached_property

from services.evaluation.rulebooks.errors import Fault, RulebookError
from services.evaluation.rulebooks.positions import Path, Positions


class Draft:
    """A text that tomllib has read. Faults are noted, so that whoever wrote it sees them all at once."""

    def __init__(self, text: str, origin: str) -> None:
        self._text = text
        self.origin = origin
        self._faults: list[Fault] = []

    @cached_property
    def _positions(self) -> Positions:
        # Only a file with faults pays for it.
        return Positions(self._text)

    def key(self, path: Path) -> tuple[int, int]:
        """Line and column of a key or header."""
        return self._positions.of_key(path)

    def value(self, path: Path, character: int | None = None) -> tuple[int, int]:
        """Line and column of a value, or of a character of it."""
        return self._positions.of_value(path, character)

    def note(self, error: RulebookError) -> None:
        self._faults.extend(error.faults)

    @contextmanager
    def catching(self) -> Generator[None]:
        """Notes what is refused within, and goes on after it."""
        try:
            yield
        except RulebookError as error:
            self.note(error)

    @property
    def sound(self) -> bool:
        return not self._faults

    def refuse(self) -> None:
        """Raises RulebookError with all faults, if there is one."""
        if self._faults:
            raise RulebookError.together(self._faults)
