"""Files that only their recipient opens: the age format, whose tools everybody can have (decisions 0198, 0216)."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Final, NewType

import pyrage
from django.utils.translation import gettext as _

from leeward.people.errors import PeopleError

#: The format encrypts blocks of so many bytes; a whole one leaves when the first byte of the next is there.
BLOCK: Final = 64 * 1024
#: Whoever may open a file, by their age public key.
Recipient = NewType("Recipient", object)


class NoAgeKey(PeopleError):
    """A key that is none, or a file that holds none."""


def recipient(public_key: str) -> Recipient:
    """An age public key. Raises NoAgeKey."""
    try:
        return Recipient(pyrage.x25519.Recipient.from_str(public_key.strip()))
    except pyrage.RecipientError as error:
        raise NoAgeKey(
            _("This is not an age public key."),
            _("It begins with age1. Whoever receives the file makes it with age-keygen."),
        ) from error


def identity(file: Path) -> pyrage.x25519.Identity:
    """The private key in a file as `age-keygen` writes it. Raises NoAgeKey, OSError."""
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.strip().upper().startswith("AGE-SECRET-KEY-1"):
            try:
                return pyrage.x25519.Identity.from_str(line.strip())
            except pyrage.IdentityError:
                break
    raise NoAgeKey(_("%(file)s holds no age private key.") % {"file": file.name}, _("age-keygen makes one."))


def sealed(parts: Iterable[bytes], to: Recipient) -> Iterator[bytes]:
    """Encrypt while it is read: what has left of a part when the next one is made is every whole block of it.

    Each part is made when the reader asks for more, in the reader's own thread. Breaking off leaves a file that `age`
    says is cut short.
    """
    return pumped(lambda source, sink: pyrage.encrypt_io(source, sink, [to]), parts)


def pumped(work: Callable[["_Source", "_Sink"], None], parts: Iterable[bytes]) -> Iterator[bytes]:
    """What `work` writes while it reads the parts, one of them at a time. Raises what `work` raises."""
    source, sink = _Source(), _Sink()
    worker = Thread(target=source.run, args=(work, sink), daemon=True)
    worker.start()
    try:
        source.until_it_asks()
        for part in parts:
            if part:
                source.give(part)
                source.until_it_asks()
                if whole := sink.taken():
                    yield whole
        source.give(b"")
        worker.join()
        source.until_it_asks()
        if whole := sink.taken():
            yield whole
    finally:
        source.break_off()
        worker.join()


class BrokenOff(OSError):
    """Whoever read does not read on."""


class _Source:
    """What the worker reads: it waits here for the next part, and says that it does."""

    def __init__(self) -> None:
        self._given: SimpleQueue[bytes | None] = SimpleQueue()
        self._asks: SimpleQueue[Exception | None] = SimpleQueue()
        self._rest = b""
        #: Whoever reads may ask again after the end.
        self._is_over = False

    def run(self, work: Callable[["_Source", "_Sink"], None], sink: "_Sink") -> None:
        """The worker's own thread. Its end counts as asking, so that nobody waits for it."""
        try:
            work(self, sink)
        except Exception as error:
            self._asks.put(error)
        else:
            self._asks.put(None)

    def read(self, size: int = -1) -> bytes:
        if not self._rest and not self._is_over:
            self._asks.put(None)
            part = self._given.get()
            if part is None:
                raise BrokenOff("broken off")
            self._rest, self._is_over = part, not part
        taken, self._rest = (self._rest, b"") if size < 0 else (self._rest[:size], self._rest[size:])
        return taken

    def give(self, part: bytes) -> None:
        self._given.put(part)

    def until_it_asks(self) -> None:
        """Wait until the worker has done all that it can with what it has."""
        if error := self._asks.get():
            raise error

    def break_off(self) -> None:
        self._given.put(None)


class _Sink:
    """Where the worker writes."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, content: bytes) -> int:
        self._parts.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Everything is there already."""

    def taken(self) -> bytes:
        whole, self._parts = b"".join(self._parts), []
        return whole
