"""One file out of several that are made while it is written, encrypted so that only its recipient can open it.

A zip archive in the age format (age-encryption.org), whose tools every recipient can have; nothing of it is ever on the
disk in plain. The file has its name only when it is whole.
"""

import io
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

import pyrage

from leeward.protect.age import Recipient

from .errors import ExchangeError

_BLOCK: Final = 64 * 1024
Member = tuple[str, Callable[[], Iterable[bytes]]]


class SealedFileError(ExchangeError):
    """A file that can't be written."""


def write(members: Iterable[Member], out: Path, *, to: Recipient | None) -> None:
    """Write a file of these members, made in their order. Raises SealedFileError, and whatever a member raises."""
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    source = _Source(_archive(members))
    try:
        with part.open("xb") as stream:
            os.chmod(part, 0o600)
            _copy(source, stream, to)
        part.replace(out)
    except OSError as error:
        if source.error is not None:
            raise source.error from error
        raise SealedFileError(
            f"{out} can't be written: {error.strerror}.", hint="Name a file in a folder that you may write to."
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _copy(source: "_Source", stream: BinaryIO, to: Recipient | None) -> None:
    if to is None:
        while block := source.read(_BLOCK):
            stream.write(block)
        return
    try:
        pyrage.encrypt_io(source, stream, [to])
    except Exception:
        if source.error is not None:
            raise source.error from None
        raise
    if source.error is not None:
        raise source.error


class _Source(io.RawIOBase):
    """Bytes that are made when they are read. What went wrong in the making is kept, whoever swallows it."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts, self._rest = parts, b""
        self.error: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            while not self._rest:
                self._rest = next(self._parts)
        except StopIteration:
            return 0
        except Exception as error:
            self.error = error
            raise OSError(str(error)) from error
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


class _Sink(io.RawIOBase):
    """Where the archive writes; it can't be gone back in, so nothing waits until the end."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override]
        self.parts.append(bytes(content))
        return len(content)

    def taken(self) -> bytes:
        whole, self.parts = b"".join(self.parts), []
        return whole


def _archive(members: Iterable[Member]) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            with archive.open(name, "w") as member:
                for part in content():
                    member.write(part)
                    yield sink.taken()
            yield sink.taken()
    yield sink.taken()
