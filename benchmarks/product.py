"""The whole product as `manage.py up` runs it, on a port and in a folder of its own, for the time of a benchmark."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# what would lead to servers and settings other than `up` chooses
OTHERS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE")
START_SECONDS = 240.0
STOP_SIGNALS = ((signal.SIGINT, 60.0), (signal.SIGKILL, 5.0))  # its children die with it
PASSWORD = "only-for-this-run-4711"


@dataclass(frozen=True)
class Product:
    """A running product."""

    url: str
    data_dir: Path
    environment: Mapping[str, str]

    @property
    def log(self) -> Path:
        """Where what `up` says is kept."""
        return self.data_dir / "up.log"

    def said(self) -> str:
        """What `up` has said."""
        return self.log.read_text()

    def manage(self, *arguments: str) -> str:
        """Run a command of manage.py; what it prints."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def new_tenant(self, slug: str) -> str:
        """Make a tenant as its owner would; an API key that may do everything."""
        named = ["--slug", slug, "--name", slug.title(), "--timezone", "UTC", "--currency", "GBP"]
        self.manage("create_tenant", *named, "--owner", f"{slug}@example.com", "--password", PASSWORD)
        return self.manage("create_api_key", "--tenant", slug, "--name", "bench", "--scopes", "all").split()[-1]


@contextmanager
def running_product(*, with_demo: bool = False) -> Iterator[Product]:
    """Run `up`, as a rule without the demo; leaves no process and no folder, also when asked to end by a signal."""
    from scrm.servers import embedded, processes

    processes.exit_on_signals()
    data_dir = Path(tempfile.mkdtemp(prefix="scrm-live-"))
    data_dir.chmod(0o711)  # PostgreSQL runs as another user when we are root
    kept = {name: value for name, value in os.environ.items() if name not in OTHERS and not name.startswith("SCRM_")}
    environment = {**kept, "SCRM_DATA_DIR": str(data_dir), "SCRM_API_RATE_PER_MINUTE": "1000000"}
    product = Product(f"http://127.0.0.1:{processes.free_port()}", data_dir, environment)
    try:
        with _up(product, [] if with_demo else ["--no-demo"]):
            yield product
    finally:
        embedded.destroy(data_dir)
        shutil.rmtree(data_dir, ignore_errors=True)


@contextmanager
def _up(product: Product, options: Sequence[str]) -> Iterator[None]:
    from scrm.servers import processes

    command = [sys.executable, "manage.py", "up", *options, "--port", product.url.rpartition(":")[2]]
    command += ["--data-dir", str(product.data_dir)]
    with product.log.open("wb") as log:
        up = subprocess.Popen(
            command,
            cwd=ROOT,
            env=product.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for us, who pass it on
            preexec_fn=processes.die_with_parent(os.getpid()),  # noqa: PLW1509 - no threads here
        )
    try:
        processes.wait_until(lambda: up.poll() is not None or "Logs:" in product.said(), seconds=START_SECONDS)
        if "Logs:" not in product.said():
            raise RuntimeError(f"the product did not start:\n{product.said()}")
        yield
    finally:
        processes.stop(up.pid, signals=STOP_SIGNALS)
