"""Codes that people read aloud and type: random, without order or date, with a check character.

Crockford's base 32 leaves out I, L, O and U, so a code is hard to misread and spells no word.
Nine random characters carry 45 bits (threat model §4.1 asks for 40).
"""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKE = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V", "-": None, " ": None})
LENGTH = 9


def new_code() -> str:
    """A fresh code such as `7QK2-9MXBA-4`, from the system's random source."""
    return with_check("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)))


def with_check(body: str) -> str:
    """`body` (nine characters of ALPHABET) in groups, closed by its check character."""
    return f"{body[:4]}-{body[4:]}-{_check(body)}"


def read_code(typed: str) -> str | None:
    """The canonical form of what a person typed, or None if it can't be a code."""
    plain = typed.upper().translate(_LOOKALIKE)
    if len(plain) != LENGTH + 1 or any(character not in ALPHABET for character in plain):
        return None
    body, check = plain[:-1], plain[-1]
    return with_check(body) if _check(body) == check else None


def _check(body: str) -> str:
    """A weighted sum modulo 31 (prime), so one wrong character or two swapped ones are always noticed."""
    total = sum(weight * ALPHABET.index(character) for weight, character in enumerate(body, start=2))
    return ALPHABET[total % 31]
