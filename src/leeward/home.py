"""Where one installation keeps what must not live in its database: keys, role passwords, the embedded server."""

import json
import os
import secrets
from pathlib import Path

ROLES = ("owner", "web", "signin", "reporter", "worker", "auditor")


def home() -> Path:
    """The installation's private folder: `LEEWARD_HOME`, else `~/.local/share/leeward`. Created with mode 700."""
    folder = Path(os.environ.get("LEEWARD_HOME") or Path.home() / ".local" / "share" / "leeward")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def secret(name: str, *, length: int = 32) -> bytes:
    """A random secret of `length` bytes kept in `keys/<name>` with mode 600, made at first use.

    Two processes that start together agree: whoever creates the file first wins.
    """
    folder = home() / "keys"
    folder.mkdir(exist_ok=True, mode=0o700)
    path = folder / name
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return bytes.fromhex(path.read_text().strip())
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(length))
    return bytes.fromhex(path.read_text().strip())


def role_password(role: str) -> str:
    """Password of the database role `leeward_<role>`; `LEEWARD_DATABASE_PASSWORDS` (JSON) overrides the key file."""
    given = json.loads(os.environ.get("LEEWARD_DATABASE_PASSWORDS", "{}"))
    return str(given.get(role) or secret(f"database-{role}", length=16).hex())
