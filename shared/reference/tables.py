"""Reads the CSV tables of reference data that ship with the package."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

NATIONAL_DATA = Path(str(files("shared.reference"))) / "data"


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a UTF-8 CSV file by heading; an empty cell is an empty string."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def national_table(name: str) -> list[dict[str, str]]:
    """The rows of one national table, such as `sme-size-classes`."""
    return read_table(NATIONAL_DATA / f"{name}.csv")
