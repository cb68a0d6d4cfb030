"""A process beside this one, so that a machine's other core works on the same results."""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from types import TracebackType
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Done = TypeVar("Done")


class SecondProcess:
    """Does what it is given, one thing after the other, and gets ready for it at once. Nothing is shared: what goes
    there and back is copied. It is no fork of this process, which has threads of DuckDB and of the pictures."""

    def __init__(self, get_ready: Callable[[], None], *, meanwhile: Callable[[], None] | None = None) -> None:
        """`meanwhile` is done here once there is nothing to do but to wait."""
        self._meanwhile = meanwhile
        self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_start)
        self._pool.submit(get_ready)

    def __enter__(self) -> SecondProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def begin(self, do: Callable[Given, Done], *given: Given.args, **named: Given.kwargs) -> Callable[[], Done]:
        """Begin it there. What is returned waits for it; where it failed, it is done again here, which says in its own
        words what is wrong."""
        here = partial(do, *given, **named)
        try:
            there = self._pool.submit(here)
        except BrokenProcessPool:
            return here

        def done() -> Done:
            if self._meanwhile and not there.done():
                self._meanwhile()
                self._meanwhile = None
            try:
                return there.result()
            except Exception:  # whatever it is: not everything can be told from there
                return here()

        return done


def _start() -> None:
    """It lives shortly, and ends with its parent: it looks for no cycles and hears no interrupt."""
    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
