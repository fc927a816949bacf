"""Run every benchmark, one after the other, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

NAMES = ("judge", "adjust", "assess", "impact", "replay", "submit", "imports", "pull", "exits", "figures", "match")


def main() -> int:
    wanted = sys.argv[1:] or NAMES
    return max(subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode for name in wanted)  # noqa: S603 (our own modules)


if __name__ == "__main__":
    sys.exit(main())
