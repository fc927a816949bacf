"""What can be wrong with a rulebook, one of its expressions, or the facts it is asked to judge."""

from __future__ import annotations


class RulebookError(Exception):
    """A rulebook that must not be used. `line` is that of the criterion at fault, 1 when it concerns the whole file."""

    def __init__(self, code: str, message: str, origin: str, line: int) -> None:
        super().__init__(code, message, origin, line)
        self.code = code
        self.message = message
        self.origin = origin
        self.line = line

    def __str__(self) -> str:
        return f"{self.origin}:{self.line}: {self.message} [{self.code}]"


class ExpressionError(Exception):
    """A `test` that is not an allowed, well-typed expression over the catalogue."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"


class FactError(ValueError):
    """Facts that contradict the catalogue: unknown name, wrong type, out of range, or no such option."""
