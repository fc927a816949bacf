"""Read the published files, each known by what is in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from services.evaluation.spot_checks.published_files import Frame, MembersPage, Result
from services.evaluation.spot_checks.verification import Published, SpotCheckFaultError

_MOST_BYTES = 256 * 1024 * 1024
Model = TypeVar("Model", bound=BaseModel)


def read_published(paths: Sequence[Path]) -> Published:
    """One frame, one result and any pages of members, in any order. SpotCheckFaultError, OSError."""
    return published_from([_text(path) for path in paths])


def published_from(texts: Sequence[str]) -> Published:
    """The same for texts in any order."""
    frames: list[tuple[str, Frame]] = []
    results: list[tuple[str, Result]] = []
    pages: list[MembersPage] = []
    for text in texts:
        content = _object(text)
        if content.get("kind") == "spot_check_frame":
            frames.append((text, _model(Frame, content)))
        elif content.get("kind") == "spot_check_result":
            results.append((text, _model(Result, content)))
        else:
            pages.append(_model(MembersPage, content))
    if len(frames) != 1 or len(results) != 1:
        raise SpotCheckFaultError(
            "files", "须恰有一个抽样框文件和一个结果文件", "Give exactly one frame and one result"
        )
    (frame_text, frame), (result_text, result) = frames[0], results[0]
    if any(page.number != frame.number for page in pages):
        raise SpotCheckFaultError("number", "企业名录属于另一次抽查", "The members are those of another draw")
    return Published(frame_text, frame, result, result_text, pages)


def _text(path: Path) -> str:
    if path.stat().st_size > _MOST_BYTES:
        raise SpotCheckFaultError("too_large", f"文件过大：{path.name}", "The file is too large")
    try:
        # Bytes as they are: a line's end at the end of a saved file is the one thing that may be added.
        return path.read_bytes().decode().removesuffix("\n")
    except UnicodeDecodeError:
        raise SpotCheckFaultError("not_json", f"不是 UTF-8 编码：{path.name}", "The file is not UTF-8") from None


def _object(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise SpotCheckFaultError("not_json", "文件不是 JSON 对象", "A file is not a JSON object")
    return content


def _model(model: type[Model], content: dict[str, Any]) -> Model:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = "/".join(str(one) for one in first["loc"])
        raise SpotCheckFaultError("not_published", f"文件内容不合格式：{place}", f"{place}: {first['msg']}") from None
