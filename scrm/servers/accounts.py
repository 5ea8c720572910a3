"""Which system user runs PostgreSQL (it refuses root), and what that user can reach."""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

SHARED_DIR = Path("/var/lib/scrm")


@dataclass(frozen=True)
class Account:
    """A system user without rights, for a server started by root."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """Choose the user that runs PostgreSQL: None (ourselves), or, for root, one without rights."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "scrm-postgres"):
        if found := _account(name):
            return found
    subprocess.run(
        ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", "scrm-postgres"],
        capture_output=True,
        check=False,
    )
    return _account("scrm-postgres") or _account("nobody")


def can_enter(account: Account | None, directory: Path) -> bool:
    """Say whether the user can pass through a directory and all above it, as their modes are."""
    if account is None:
        return True
    return all(_is_open(account, path) for path in (directory.resolve(), *directory.resolve().parents))


def reachable_home(account: Account | None, data_dir: Path) -> Path:
    """Choose where the user's files of a data directory live: inside it, else beside other such homes."""
    if can_enter(account, data_dir):
        return data_dir
    key = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:16]
    return _open_directory(SHARED_DIR / key)


def reachable_binaries(account: Account | None, install: Path) -> Path:
    """Give the user a PostgreSQL installation that it can run: this one, or a copy where it can read it."""
    program = install / "bin" / "postgres"
    if account is None or (can_enter(account, install / "bin") and program.stat().st_mode & stat.S_IXOTH):
        return install
    key = hashlib.sha256(f"{install}{program.stat().st_mtime_ns}".encode()).hexdigest()[:16]
    copy = _open_directory(SHARED_DIR) / f"postgres-{key}"
    if not copy.exists():
        part = copy.with_name(f"{copy.name}.{os.getpid()}.part")
        _copy_package(install.parent, part)
        part.rename(copy)
    return copy / install.parent.name / install.name


def private_directory(account: Account | None, directory: Path) -> Path:
    """Make an empty directory that only the user can enter."""
    directory.mkdir(mode=0o700, parents=True)
    if account is not None:
        os.chown(directory, account.uid, account.gid)
    directory.chmod(0o700)
    return directory


def _copy_package(package: Path, target: Path) -> None:
    """Copy a wheel's package, and the libraries that it looks for beside itself, readable for all."""
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.exists():
            shutil.copytree(source, target / source.name, symlinks=True)
    for path in [target, *target.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)


def _open_directory(directory: Path) -> Path:
    for path in (SHARED_DIR, directory):
        if not path.exists():
            path.mkdir(parents=True)
            path.chmod(0o711)
    return directory


def _account(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)


def _is_open(account: Account, path: Path) -> bool:
    held = path.stat()
    if held.st_uid == account.uid:
        return bool(held.st_mode & stat.S_IXUSR)
    if held.st_gid == account.gid:
        return bool(held.st_mode & stat.S_IXGRP)
    return bool(held.st_mode & stat.S_IXOTH)
