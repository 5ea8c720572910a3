"""Both embedded servers of a data directory: join them, leave them; the last user turns off the light."""

import atexit
import os
from dataclasses import dataclass, field
from pathlib import Path

from scrm.servers import locks, postgres, processes, valkey
from scrm.servers.credentials import Credentials, load_credentials
from scrm.servers.errors import ServerError
from scrm.servers.provision import Login, Provisioned, provision

DATABASE = "scrm"
_joined: list["Membership"] = []


@dataclass
class Membership:
    """One process's use of a data directory's servers."""

    data_dir: Path
    users_lock: int
    with_postgres: bool
    throwaway: bool
    pid: int = field(default_factory=os.getpid)


def join(data_dir: Path, *, with_postgres: bool = True, throwaway: bool = False) -> Membership:
    """Start the servers, or use those that run, until `leave`.

    Raises: ServerError with the cause and the fix.
    """
    with locks.starting(data_dir):
        users_lock = locks.take(_users(data_dir), shared=True)
        if users_lock is None:
            raise ServerError(f"{_users(data_dir)} is held by a foreign process. End it, then start again.")
        membership = Membership(data_dir, users_lock, with_postgres, throwaway)
        try:
            ensure_running(membership)
        except BaseException:  # Ctrl-C too must not leave half of it running
            _leave_locked(membership)
            raise
    return membership


def ensure_running(membership: Membership) -> list[str]:
    """Start what does not run; the names of what had to be started."""
    data_dir, started = membership.data_dir, []
    credentials = load_credentials(data_dir)
    if membership.with_postgres:
        cluster = postgres.locate(data_dir, throwaway=membership.throwaway)
        if postgres.start(cluster, credentials):
            started.append("PostgreSQL")
    store = valkey.locate(data_dir, throwaway=membership.throwaway)
    if valkey.start(data_dir, store, credentials) != store:
        started.append("Valkey")
    return started


def leave(membership: Membership) -> None:
    """Stop using the servers; the last user stops them."""
    if membership.pid != os.getpid():
        return  # a forked child is no user of its own
    with locks.starting(membership.data_dir):
        _leave_locked(membership)


def leave_at_exit(membership: Membership) -> None:
    """Leave when this process ends, also when it is asked to end by a signal."""
    _joined.append(membership)
    atexit.register(leave, membership)
    processes.exit_on_signals()


def revive() -> list[str]:
    """Start those of this process's servers that died; their names."""
    started = []
    for membership in _joined:
        if not is_running(membership):
            with locks.starting(membership.data_dir):
                started += ensure_running(membership)
    return started


def is_running(membership: Membership) -> bool:
    """Say, from process tables alone, whether the servers of a data directory run."""
    data_dir = membership.data_dir
    if membership.with_postgres and not postgres.running_pid(postgres.locate(data_dir)):
        return False
    return valkey.is_running(valkey.locate(data_dir))


def stop(data_dir: Path) -> None:
    """Stop both servers of a data directory, whoever started them."""
    if (data_dir / "valkey.json").exists():
        valkey.stop(valkey.locate(data_dir))
    if (data_dir / "postgres.json").exists():
        postgres.stop(postgres.locate(data_dir))


def destroy(data_dir: Path) -> None:
    """Stop both servers and remove their data. For data directories that are thrown away."""
    stop(data_dir)
    if (data_dir / "postgres.json").exists():
        postgres.destroy(postgres.locate(data_dir))


def set_up_database(data_dir: Path) -> Provisioned:
    """Make the roles and the database of the running embedded PostgreSQL."""
    credentials = load_credentials(data_dir)
    return provision(
        admin_url=postgres.admin_url(postgres.locate(data_dir), credentials),
        database=DATABASE,
        owner=owner_login(DATABASE, credentials),
        app=app_login(DATABASE, credentials),
    )


def redis_url(data_dir: Path) -> str:
    """Give the Redis address of a data directory, its server running or not."""
    return valkey.url(valkey.locate(data_dir), load_credentials(data_dir))


def owner_login(database: str, credentials: Credentials) -> Login:
    """Name the role that owns the tables of a database."""
    return Login(f"{database}_owner", credentials.owner_password)


def app_login(database: str, credentials: Credentials) -> Login:
    """Name the role that the product runs as."""
    return Login(f"{database}_app", credentials.app_password)


def _leave_locked(membership: Membership) -> None:
    os.close(membership.users_lock)
    if (alone := locks.take(_users(membership.data_dir))) is not None:
        stop(membership.data_dir)
        os.close(alone)


def _users(data_dir: Path) -> Path:
    return data_dir / "users.lock"
