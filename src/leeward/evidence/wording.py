"""A number with its noun, so that one is not many."""

from __future__ import annotations


def counted(number: int, one: str, many: str) -> str:
    """`1 person has`, `2 people have`."""
    return f"{number} {one if number == 1 else many}"
