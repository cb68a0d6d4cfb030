"""What opens what: which steps' doing, or declining, can open a step, and which events from elsewhere.

A step follows another when an event that closes the other could be one that opens it. Whether it then does open also
depends on its `when`, which is about the case and not about the protocol.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache

from leeward.rules.conditions import parse_condition, possible
from leeward.rules.protocol.definition import Closing, Part, Pattern, Protocol, Step
from leeward.rules.protocol.vocabulary import KINDS


@dataclass(frozen=True, slots=True)
class ByStep:
    """Opened by another step's closing in this way."""

    step: str
    part: Part


@dataclass(frozen=True, slots=True)
class ByEvent:
    """Opened by an event that no other step stands for."""

    kind: str


Opener = ByStep | ByEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a step waits for: something of every group. `comes_again`: its own closing opens it anew."""

    step: str
    groups: tuple[tuple[Opener, ...], ...]
    comes_again: bool

    @property
    def is_joint(self) -> bool:
        """Whether several things must all have happened."""
        return len(self.groups) > 1

    @property
    def steps(self) -> tuple[ByStep, ...]:
        """The steps that can open it, each way once."""
        return tuple(dict.fromkeys(one for group in self.groups for one in group if isinstance(one, ByStep)))


def openings(protocol: Protocol) -> dict[str, Opening]:
    """Of each step, by its id, what opens it."""
    found = {step.id: tuple(tuple(_found(protocol, group)) for group in step.after.groups) for step in protocol.steps}
    next_to: dict[str, set[str]] = {step.id: set() for step in protocol.steps}
    for step_id, groups in found.items():
        for one in (one for group in groups for _, ones in group for one in ones):
            next_to[one.step].add(step_id)
    return {step.id: _opening(step, found[step.id], _reached(step.id, next_to)) for step in protocol.steps}


_Member = tuple[Pattern | Closing, tuple[ByStep, ...]]


def _found(protocol: Protocol, group: tuple[Pattern | Closing, ...]) -> Iterator[_Member]:
    return ((member, tuple(_openers(protocol, member))) for member in group)


def _opening(step: Step, found: tuple[tuple[_Member, ...], ...], reached: Set[str]) -> Opening:
    """An event that only steps further on bring about must come from elsewhere the first time, so it is named too."""
    comes_again = step.repeat is not None
    groups: list[tuple[Opener, ...]] = []
    for members in found:
        group: list[Opener] = []
        for member, openers in members:
            others = [one for one in openers if one.step != step.id]
            is_own = bool(openers) and not others
            comes_again = comes_again or len(others) < len(openers)
            group += others
            if isinstance(member, Pattern) and not is_own and all(one.step in reached for one in others):
                group.append(ByEvent(member.kind))
        if group:
            groups.append(tuple(dict.fromkeys(group)))
    return Opening(step=step.id, groups=tuple(groups), comes_again=comes_again)


def _reached(start: str, next_to: Mapping[str, Set[str]]) -> Set[str]:
    """The steps that a step can open, and those that these can open, and so on."""
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        for step in next_to[waiting.pop()] - reached:
            reached.add(step)
            waiting.append(step)
    return reached


def _openers(protocol: Protocol, member: Pattern | Closing) -> Iterator[ByStep]:
    if isinstance(member, Closing):
        yield ByStep(member.step, member.part)
        return
    for other in protocol.steps:
        for part, patterns in ((Part.DONE, other.done.patterns), (Part.DECLINED, other.declined)):
            if any(can_be_one_event(member, pattern) for pattern in patterns):
                yield ByStep(other.id, part)


def can_be_one_event(one: Pattern, other: Pattern) -> bool:
    """Whether a single event could match both patterns."""
    if one.kind != other.kind:
        return False
    if one.where is None or other.where is None or one.where == other.where:
        return True
    return _can_both_hold(one.kind, *sorted((one.where.sql, other.where.sql)))


@lru_cache(maxsize=1024)
def _can_both_hold(kind: str, one: str, other: str) -> bool:
    names = KINDS[kind].fields
    return possible(parse_condition(f"({one}) AND ({other})", names), names)
