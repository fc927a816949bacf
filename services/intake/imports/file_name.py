"""What a workbook that was sent is called: the sender's folders are nobody's business, and nothing hides in a name."""

from __future__ import annotations

from pydantic_core import PydanticCustomError

from services.intake.attachments.schemas import last_part, visible
from shared.errors import VALIDATION_FAILED, Problem
from shared.models.intake.attachments import MOST_FILE_NAME
from shared.validation import violation_of_code

_UNNAMED = "workbook.xlsx"


def name_of_upload(sent: str | None) -> str:
    """The last component of what the sender's browser called the file, at most 200 characters of it.

    Problem `validation_failed` where it holds control characters, or marks that turn the direction of writing.
    """
    try:
        name = last_part(visible(sent or _UNNAMED))
    except PydanticCustomError as error:
        raise Problem(VALIDATION_FAILED, violations=[violation_of_code(error.type, "/file")]) from None
    if len(name) <= MOST_FILE_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    kept = f"{dot}{ending}" if stem and len(ending) < 10 else ""
    return name[: MOST_FILE_NAME - len(kept)] + kept
