"""The sign-ins of the demonstration centre, one a role. There are none anywhere else."""

import json
from pathlib import Path
from typing import TypedDict, cast

from django.conf import settings


class DemoAccount(TypedDict):
    role: str
    label: str
    email: str
    password: str


def demo_accounts() -> list[DemoAccount]:
    """From `settings.LEEWARD_DEMO_ACCOUNTS`: the path of a JSON list that `leeward demo` writes."""
    path: Path | None = getattr(settings, "LEEWARD_DEMO_ACCOUNTS", None)
    if not settings.DEMO or path is None or not path.is_file():
        return []
    return cast(list[DemoAccount], json.loads(path.read_text(encoding="utf-8")))
