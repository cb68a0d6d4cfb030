"""Where definition files are found: the site's own folder first, then those that ship with Leeward."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from leeward.home import home

KINDS = ("protocol", "instruments", "law", "competence", "indicators")


class UnknownDefinition(Exception):
    """No definition of that kind and name. `hint` lists the names that exist."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"There is no definition '{name}' of kind '{kind}'.")
        self.hint = f"Known: {', '.join(names(kind)) or 'none'}."


def shipped() -> Path:
    """Folder of the definitions that ship: inside the installed package, or beside `src/` in a checkout."""
    inside = Path(__file__).parent / "_definitions"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "definitions"


def site_folder() -> Path:
    """The site's own definitions: `LEEWARD_SITE_DEFINITIONS`, else `definitions/` in the private folder."""
    named = os.environ.get("LEEWARD_SITE_DEFINITIONS")
    return Path(named) if named else home() / "definitions"


def folders() -> tuple[Path, ...]:
    """Folders searched, first match wins."""
    return (site_folder(), shipped())


def names(kind: str) -> list[str]:
    """Names of every definition of a kind, sorted."""
    return sorted({file.stem for folder in folders() for file in (folder / kind).glob("*.yaml")})


def path(kind: str, name: str) -> Path:
    """File of one definition. Raises UnknownDefinition."""
    for folder in folders():
        file = folder / kind / f"{name}.yaml"
        if Path(name).name == name and file.is_file():
            return file
    raise UnknownDefinition(kind, name)


def read(kind: str, name: str) -> str:
    """Text of one definition. Raises UnknownDefinition."""
    return path(kind, name).read_text(encoding="utf-8")


def schema(name: str) -> Mapping[str, object]:
    """A published JSON Schema, such as `protocol`."""
    document: Mapping[str, object] = json.loads(
        (shipped() / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8")
    )
    return document
