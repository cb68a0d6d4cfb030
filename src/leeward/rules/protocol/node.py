"""A place in a definition whose shape the schema has already checked."""

from __future__ import annotations

from dataclasses import dataclass

from leeward.rules.yaml_source import JSON, Path


@dataclass(frozen=True, slots=True)
class Node:
    """A place in a document whose shape the schema has already checked."""

    data: JSON
    path: Path

    def get(self, key: str) -> Node | None:
        """The place below, if the document has it."""
        return Node(self.data[key], (*self.path, key)) if isinstance(self.data, dict) and key in self.data else None

    def at(self, key: str) -> Node:
        """The place below, which may be empty."""
        return self.get(key) or Node(None, (*self.path, key))

    def items(self) -> list[Node]:
        """The entries of a list; anything else is a list of one; nothing is an empty list."""
        if isinstance(self.data, list):
            return [Node(item, (*self.path, position)) for position, item in enumerate(self.data)]
        return [] if self.data is None else [self]

    def entries(self) -> list[tuple[str, Node]]:
        return [(key, self.at(key)) for key in self.data] if isinstance(self.data, dict) else []

    def list(self, key: str) -> list[Node]:
        return self.at(key).items()

    def text(self, key: str) -> str:
        return text_of(self.at(key))


def text_of(node: Node) -> str:
    """The scalar at a place, as text."""
    return str(node.data)
