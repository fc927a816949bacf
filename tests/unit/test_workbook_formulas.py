"""A formula counts by the result that was saved with it; without one the cell is refused, not read as missing."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

from services.demo.invented_enterprises import invented_forms
from services.intake.imports.workbook_reader import read_workbook
from services.intake.imports.workbook_rows import rows_of
from services.intake.imports.workbook_template import write_workbook
from shared.errors import Problem

SHEET = "xl/worksheets/sheet2.xml"


def with_cell(content: bytes, reference: str, cell: str) -> bytes:
    """The workbook with one cell of 企业 written as `cell`."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            if name == SHEET:
                part, count = re.subn(rf'<c r="{reference}"[^>]*>.*?</c>'.encode(), cell.encode(), part)
                assert count == 1
            target.writestr(name, part)
    return out.getvalue()


@pytest.fixture(scope="module")
def content() -> bytes:
    return write_workbook(rows_of(invented_forms(3, 3)))


@pytest.mark.parametrize(
    "inside",
    ["<f>1000*6</f>", "<f>1000*6</f><v/>", "<f>1000*6</f><v></v>", '<f t="shared" si="0"/>', '<f ca="1">A1</f> <v />'],
)
def test_a_formula_without_a_result_is_refused_at_its_cell(content: bytes, inside: str) -> None:
    reading = read_workbook(with_cell(content, "L5", f'<c r="L5" s="3">{inside}</c>'))
    assert len(reading.forms) == 2
    ((row, violation),) = [(row.row, one) for row in reading.rejections for one in row.violations]
    assert (row, violation.cell, violation.code) == (5, "企业!L5", "formula_error")


def test_a_formula_with_its_result_is_read(content: bytes) -> None:
    reading = read_workbook(with_cell(content, "L5", '<c r="L5" s="3"><f>1000*6</f><v>6000</v></c>'))
    assert not reading.rejections
    assert str(reading.forms[0].form.finance.revenue_cny) == "60000000.00"


def test_an_error_far_away_does_not_widen_every_row(content: bytes) -> None:
    far = with_cell(content, "L5", '<c r="L5" s="3"><v>1</v></c><c r="ZZZ5" t="e"/>')
    with pytest.raises(Problem) as refused:
        read_workbook(far)
    assert refused.value.kind.code == "workbook_out_of_range"
