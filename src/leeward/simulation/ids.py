"""Ids that are the same for the same seed: case codes without order or date, event ids in the order of recording."""

from leeward.people.codes import ALPHABET, LENGTH, with_check

_BITS = 5 * LENGTH
_MASK = (1 << _BITS) - 1


def case_code(seed: int, index: int) -> str:
    """The case code of the client with this index: a one-to-one mixing of 45 bits, so that no two are equal."""
    number = (index + (seed * 0x9E3779B97F4A7C15 >> 7)) & _MASK
    for odd, shift in ((0x1B873593CC9E2D51, 23), (0x2545F4914F6CDD1D, 19), (0xD6E8FEB86659FD93, 22)):
        number = number * odd & _MASK
        number ^= number >> shift
    digits = ""
    for _ in range(LENGTH):
        number, digit = divmod(number, 32)
        digits += ALPHABET[digit]
    return with_check(digits)


def uuid7(second: int, counter: int, tail: int) -> str:
    """A version 7 id (RFC 9562) of this second; `counter` (12 bits) orders the ids of one client in one second."""
    text = f"{second * 1000:012x}"
    variant = 0x8000000000000000 | tail & 0x3FFFFFFFFFFFFFFF
    end = f"{variant:016x}"
    return f"{text[:8]}-{text[8:]}-7{counter & 0xFFF:03x}-{end[:4]}-{end[4:]}"
