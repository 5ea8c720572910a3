"""Random passwords of one data directory, in a file that only its user can read."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from scrm.servers.errors import ServerError


def _password() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Credentials:
    """Everything secret in one data directory; made once, never changed."""

    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    admin_password: str = field(default_factory=_password)
    owner_password: str = field(default_factory=_password)
    app_password: str = field(default_factory=_password)
    valkey_password: str = field(default_factory=_password)


def load_credentials(data_dir: Path) -> Credentials:
    """Read the credentials of a data directory, or make them (mode 0600).

    Raises: ServerError when they were lost.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / "secrets.json"
    if not path.exists() and (data_dir / "postgres.json").exists():
        raise ServerError(
            f"{path} is gone, and with it the passwords of the database in {data_dir}."
            f" Put the file back, or remove the directory to begin anew: rm -r {data_dir}"
        )
    held = json.loads(path.read_text()) if path.exists() else {}
    known = {item.name for item in fields(Credentials)}
    credentials = Credentials(**{name: value for name, value in held.items() if name in known})
    if not path.exists():
        write_private(path, json.dumps(asdict(credentials), indent=1))
    return credentials


def write_private(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner only."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    part.replace(path)
