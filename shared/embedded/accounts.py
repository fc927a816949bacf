"""The account PostgreSQL runs under when we are root, which it refuses, and the paths that account must reach."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from shared.embedded.children import EmbeddedServerError, PopenOptions

ACCOUNT_NAME = "peiyu-postgres"
_CREATE_ACCOUNT = (
    *("useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"),
    *("--shell", "/usr/sbin/nologin", ACCOUNT_NAME),
)


@dataclass(frozen=True, slots=True)
class Account:
    """A system account by its numbers."""

    uid: int
    gid: int

    @property
    def popen_options(self) -> PopenOptions:
        """What makes `subprocess.Popen` start a child as this account, without root's other groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def lacks(self, path: Path, rights: int) -> int:
        """The mode bits missing for `rights` (4 read, 1 execute or traverse) in the class that applies to us."""
        status = path.stat()
        shift = 6 if status.st_uid == self.uid else 3 if status.st_gid == self.gid else 0
        return (rights << shift) & ~status.st_mode


def account_for(data: Path) -> Account | None:
    """None when we are not root. As root: the owner of the data, else a system account kept for this purpose."""
    if os.geteuid() != 0:
        return None
    if data.exists() and (status := data.stat()).st_uid != 0:
        return Account(status.st_uid, status.st_gid)
    return _account(ACCOUNT_NAME) or _created_account() or _nobody()


def _account(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid)


def _created_account() -> Account | None:
    try:
        subprocess.run(_CREATE_ACCOUNT, check=False, capture_output=True)  # noqa: S603 - a constant
    except OSError:  # a system without useradd
        return None
    return _account(ACCOUNT_NAME)  # there too when another process created it in the same moment


def _nobody() -> Account:
    account = _account("nobody")
    if account is None:
        raise EmbeddedServerError(
            "PostgreSQL does not run as root and no account could be created for it: "
            "run as another user, or set PEIYU_DATABASE_URL to use a real server"
        )
    return account


def own_folder(path: Path, account: Account | None) -> None:
    """Create an empty folder (0700) that belongs to the account, or to us when it is None."""
    path.mkdir(mode=0o700)
    if account is not None:
        give(path, account)


def give(path: Path, account: Account) -> None:
    """Make the account the owner. Raises EmbeddedServerError where root may not do so (some containers)."""
    try:
        os.chown(path, account.uid, account.gid)
    except OSError as error:
        raise EmbeddedServerError(
            f"root may not hand {path} to another account here ({error.strerror}): "
            "run as another user, or set PEIYU_DATABASE_URL to use a real server"
        ) from error


def let_reach(path: Path, account: Account) -> None:
    """Open the folders above `path` for passing through, and only those the account cannot pass already."""
    for folder in path.parents:
        _add_rights(folder, account, stat.S_IXOTH)


def let_run(tree: Path, account: Account) -> None:
    """Let the account read an installed tree and run its programs, where a strict umask kept them private."""
    let_reach(tree, account)
    for path in (tree, *tree.rglob("*")):
        runnable = path.stat().st_mode & stat.S_IXUSR
        _add_rights(path, account, stat.S_IROTH | (stat.S_IXOTH if runnable else 0))


def _add_rights(path: Path, account: Account, rights: int) -> None:
    missing = account.lacks(path, rights)
    if missing:
        path.chmod(stat.S_IMODE(path.stat().st_mode) | missing)
