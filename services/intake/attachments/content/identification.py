"""Which of the five types a file is; everything else is refused with a word about what it seems to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from services.intake.attachments.content.foreign import name_of
from services.intake.attachments.content.packages import LOCAL_ENTRY, package_type
from services.intake.attachments.content.pdf import check_pdf
from services.intake.attachments.content.pictures import check_jpeg, check_png
from services.intake.attachments.content.reading import hides_a_zip, read_at
from services.intake.attachments.errors import wrong_type
from services.intake.attachments.media_types import JPEG, PDF, PNG

_HEAD = 4096
_BY_BEGINNING: tuple[tuple[bytes, str, Callable[[BinaryIO], None]], ...] = (
    (b"%PDF-", PDF, check_pdf),
    (b"\xff\xd8\xff", JPEG, check_jpeg),
    (b"\x89PNG\r\n\x1a\n", PNG, check_png),
)


def identify(file: BinaryIO) -> str:
    """The media type of the file's content. Problem `attachment_type` for any other type, damage, or two in one.

    Blocking reads, a few hundred kilobytes at most; the file's position changes.
    """
    head = read_at(file, 0, _HEAD)
    if head.startswith(LOCAL_ENTRY):
        return package_type(file)
    for beginning, media_type, check in _BY_BEGINNING:
        if head.startswith(beginning):
            check(file)
            if hides_a_zip(file):
                raise wrong_type("内含压缩包的伪装文件", "a file that is a ZIP archive as well")
            return media_type
    raise wrong_type(*name_of(head))
