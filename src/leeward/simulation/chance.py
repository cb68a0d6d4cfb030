"""The one source of randomness: a stream for each client, so that nobody's life depends on how the work is cut up."""

from bisect import bisect
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Generic, TypeVar

import numpy as np

from .delay import Delay

Value = TypeVar("Value")


class Weighted(Generic[Value]):
    """Values with their shares, ready to be drawn from."""

    __slots__ = ("_cumulative", "_values")

    def __init__(self, shares: Mapping[Value, float]) -> None:
        self._values = tuple(shares)
        whole = sum(shares.values())
        self._cumulative = tuple(accumulate(share / whole for share in shares.values()))[:-1]

    def at(self, uniform: float) -> Value:
        return self._values[bisect(self._cumulative, uniform)]


class Chance:
    """Draws of one stream, in the order in which they are asked for."""

    __slots__ = ("generator", "normal", "uniform")

    def __init__(self, seed: int, *place: int) -> None:
        self.generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, *place))))
        self.uniform: Callable[[], float] = self.generator.random
        self.normal: Callable[[], float] = self.generator.standard_normal

    def happens(self, probability: float) -> bool:
        return self.uniform() < probability

    def pick(self, weighted: Weighted[Value]) -> Value:
        return weighted.at(self.uniform())

    def one_of(self, values: tuple[Value, ...]) -> Value:
        return values[int(self.uniform() * len(values))]

    def some_of(self, values: tuple[Value, ...], count: int) -> list[Value]:
        """`count` different values, in the order in which they are given."""
        keys = sorted(range(len(values)), key=lambda place: (self.uniform(), place))
        return [values[place] for place in sorted(keys[:count])]

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.uniform() * (high - low + 1))

    def poisson(self, mean: float) -> int:
        return int(self.generator.poisson(mean))

    def exponential(self, mean: float) -> float:
        return float(self.generator.standard_exponential()) * mean

    def weibull(self, *, shape: float, scale: float) -> float:
        return float(scale * self.generator.standard_exponential() ** (1 / shape))

    def after(self, opened: int, delay: Delay) -> int:
        """The second at which something happens that opened at the second `opened`."""
        return delay.after(opened, self.uniform(), self.normal(), self.uniform())

    def bits(self) -> int:
        """64 random bits."""
        return int(self.generator.bit_generator.random_raw())
