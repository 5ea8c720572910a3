"""The servers of one test run: addressed before settings load, started by the first test in need."""

import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from scrm.servers import embedded, postgres, provision
from scrm.servers.credentials import load_credentials
from scrm.servers.errors import ServerError

# Shared by all runs: collecting takes two seconds, and is only done after a change.
STATIC_ROOT = Path(__file__).resolve().parent.parent / ".scrm-test" / "static"


@dataclass
class TestRun:
    """One run's data directory, database, roles and Redis keys."""

    __test__ = False

    data_dir: Path
    token: str
    admin_url: str | None
    redis_given: bool
    membership: embedded.Membership | None = None

    @property
    def database(self) -> str:
        return f"test_scrm_{self.token}"

    @property
    def key_prefix(self) -> str:
        return f"scrm-test-{self.token}:"

    def administrator_url(self) -> str:
        """Address the running server of this run as its administrator."""
        if self.admin_url is not None:
            return self.admin_url
        return postgres.admin_url(postgres.locate(self.data_dir), load_credentials(self.data_dir))

    def start(self) -> None:
        """Start what is embedded, and make the roles and the database."""
        if self.admin_url is None or not self.redis_given:
            self.membership = embedded.join(self.data_dir, with_postgres=self.admin_url is None, throwaway=True)
        if self.admin_url is None:
            embedded.set_up_database(self.data_dir)
            return
        if not provision.may_create_roles(self.admin_url):
            raise ServerError("The tests need a DATABASE_URL whose role may create roles and databases.")
        owner, app = self.logins()
        provision.provision(admin_url=self.admin_url, database=self.database, owner=owner, app=app)

    def end(self) -> None:
        """Remove all that the run made, and nothing else."""
        if self.redis_given:
            client = Redis.from_url(os.environ["REDIS_URL"])
            for key in client.scan_iter(f"{self.key_prefix}*", count=1000):
                client.delete(key)
        if self.admin_url is not None:
            roles = [login.role for login in self.logins()]
            provision.drop(admin_url=self.admin_url, database=self.database, roles=roles)
        if self.membership is not None:
            embedded.leave(self.membership)
            embedded.destroy(self.data_dir)

    def logins(self) -> tuple[provision.Login, provision.Login]:
        """Name the run's own owner and app roles on a given server."""
        return (
            provision.Login(f"{self.database}_owner", self.token),
            provision.Login(f"{self.database}_app", self.token),
        )


def _embedded_addresses(data_dir: Path) -> dict[str, str]:
    credentials = load_credentials(data_dir)
    admin = postgres.admin_url(postgres.locate(data_dir), credentials)
    logins = {"DATABASE_URL": embedded.app_login, "DATABASE_OWNER_URL": embedded.owner_login}
    return {
        name: provision.address(admin, database=embedded.DATABASE, login=login(embedded.DATABASE, credentials))
        for name, login in logins.items()
    }


def choose_environment() -> TestRun:
    """Choose every address of this run and put it into the environment; start nothing."""
    data_dir = Path(tempfile.mkdtemp(prefix="scrm-test-"))
    data_dir.chmod(0o711)  # PostgreSQL runs as another user when we are root
    run = TestRun(data_dir, secrets.token_hex(6), os.environ.get("DATABASE_URL"), redis_given="REDIS_URL" in os.environ)
    if run.admin_url is None:
        os.environ.update(_embedded_addresses(data_dir))
    else:
        owner, app = run.logins()
        os.environ["DATABASE_URL"] = provision.address(run.admin_url, database=run.database, login=app)
        os.environ["DATABASE_OWNER_URL"] = provision.address(run.admin_url, database=run.database, login=owner)
    if not run.redis_given:
        os.environ["REDIS_URL"] = embedded.redis_url(data_dir)
    os.environ.update(
        DJANGO_SETTINGS_MODULE="scrm.settings",
        SCRM_DATA_DIR=str(data_dir),
        SCRM_LOCAL_HTTP="1",
        SCRM_STATIC_ROOT=str(STATIC_ROOT),
        SCRM_REDIS_PREFIX=run.key_prefix,
        SECRET_KEY=f"test-{secrets.token_urlsafe(48)}",
    )
    os.environ.pop("SCRM_ALLOWED_HOSTS", None)
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    return run


def remove_data_dir(run: TestRun) -> None:
    """Remove the run's directory, used or not."""
    embedded.destroy(run.data_dir)
    shutil.rmtree(run.data_dir, ignore_errors=True)
