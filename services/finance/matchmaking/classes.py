"""Classes as chains from the widest to the narrowest: IPC symbols, and GB/T 4754 headings."""

from __future__ import annotations

import re

from shared.reference.industries import industries

_IPC = re.compile(r"([A-H])(?:(\d{2})(?:([A-Z])(?:(\d{1,4})(?:/(\d{2,6}))?)?)?)?", re.ASCII)


def ipc_symbol(text: str) -> str:
    """The symbol without spaces, in capitals, such as `H01S3/067`; ValueError where it is none."""
    symbol = "".join(text.split()).upper()
    found = _IPC.fullmatch(symbol)
    if found is None:
        raise ValueError(f"not an IPC symbol: {text!r}")
    section, klass, subclass, group, subgroup = found.groups()
    # H01S3/00 and H01S3 are the same main group; so are H01S03 and H01S3.
    main = str(int(group)) if group else ""
    return f"{section}{klass or ''}{subclass or ''}{main}" + (f"/{subgroup}" if subgroup and int(subgroup) else "")


def ipc_chain(symbol: str) -> tuple[str, ...]:
    """`H01S3/067` as section, class, subclass, main group and subgroup: one to five symbols."""
    found = _IPC.fullmatch(symbol)
    if found is None:
        raise ValueError(f"not an IPC symbol: {symbol!r}")
    ends = [found.end(number) for number in range(1, 6) if found.group(number)]
    return tuple(symbol[:end] for end in ends)


def industry_chain(code: str) -> tuple[str, ...]:
    """门类, 大类, 中类, 小类 of a GB/T 4754 code of any level; ValueError where the standard has no such code."""
    heading = industries().get(code)
    if heading is None:
        raise ValueError(f"not a GB/T 4754 code: {code!r}")
    return tuple(reversed(heading.codes))
