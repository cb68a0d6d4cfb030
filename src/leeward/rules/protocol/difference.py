"""What changes from one version of a protocol to another, in plain words of both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar
from typing import Protocol as Shape

from leeward.rules.picture import words
from leeward.rules.wording import Text

from .definition import Basis, Closing, Gate, Happened, Need, Pattern, Protocol, Rung, Source, Step, Trigger
from .office import Office

Say = Callable[[str], str]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs: what it is about (`step`, `gate`, …, with its id), in what, and both sides in words."""

    part: str
    id: str
    field: str
    title: Text
    before: Text | None
    after: Text | None

    def say(self, language: str) -> str:
        """`Ask about urgent needs: clock: 3 days → 1 day`."""
        what = _FIELDS[self.field].in_(language)
        title = self.title.in_(language)
        head = f"{title}: {what}" if self.field not in ("added", "removed") else f"{what}: {title}"
        if self.before is None and self.after is None:
            return head
        sides = [_NOTHING.in_(language) if side is None else side.in_(language) for side in (self.before, self.after)]
        return f"{head}: {sides[0]} → {sides[1]}"


def difference(old: Protocol, new: Protocol) -> tuple[Change, ...]:
    """Everything that a reader of the definition should know has changed; empty if nothing has."""
    return (
        *_compared("protocol", {new.name: _Whole(old)}, {new.name: _Whole(new)}, _WHOLE),
        *_compared("stage", _by_id(old.stages), _by_id(new.stages), {"title": lambda stage: stage.title}),
        *_compared("step", _by_id(old.steps), _by_id(new.steps), _STEP),
        *_compared("subprotocol", _by_id(old.subprotocols), _by_id(new.subprotocols), _SUBPROTOCOL),
        *_compared("gate", _by_id(old.gates), _by_id(new.gates), _GATE),
        *_compared("fact", {fact.name: fact for fact in old.facts}, {fact.name: fact for fact in new.facts}, _FACT),
    )


@dataclass(frozen=True, slots=True)
class _Whole:
    """A protocol's own lines, as a part with a title."""

    protocol: Protocol

    @property
    def title(self) -> Text:
        return self.protocol.title


class _Named(Shape):
    """A part of a definition that has an id."""

    @property
    def id(self) -> str: ...


def _by_id(parts: Sequence[_Named]) -> Mapping[str, _Named]:
    return {part.id: part for part in parts}


_Part = object
_Read = Mapping[str, Callable[..., Text | None]]


def _compared(part: str, old: Mapping[str, _Part], new: Mapping[str, _Part], fields: _Read) -> Iterator[Change]:
    for identity in dict.fromkeys((*old, *new)):
        before, after = old.get(identity), new.get(identity)
        if before is None or after is None:
            field = "removed" if after is None else "added"
            yield Change(part, identity, field, _title(identity, after or before), None, None)
            continue
        for field, read in fields.items():
            one, other = read(before), read(after)
            if one != other:
                yield Change(part, identity, field, _title(identity, after), one, other)


def _title(identity: str, of: object) -> Text:
    """How a part is called: a gate by its reason, a fact by its name, all others by their title."""
    if isinstance(of, Gate):
        return of.reason
    found = getattr(of, "title", None)
    return found if isinstance(found, Text) else _same(identity)


def _same(text: str) -> Text:
    return Text(text, text)


def _both(say: Say) -> Text:
    return Text(say("en"), say("es"))


def _length(amount: timedelta | None) -> Text | None:
    return None if amount is None else _both(lambda language: words.length(amount, language))


def _list(items: Sequence[Item], say: Callable[[Item, str], str]) -> Text | None:
    return _both(lambda language: ", ".join(say(item, language) for item in items)) if items else None


def _plain(item: str, _language: str) -> str:
    return item


def _pattern(member: Pattern | Closing, language: str) -> str:
    if isinstance(member, Closing):
        return f"{member.step} ({member.part.value})"
    where = "" if member.where is None else f" [{member.where.sql}]"
    return words.event(member.kind, language) + where


def _patterns(members: Sequence[Pattern | Closing]) -> Text | None:
    return _list(members, _pattern)


def _trigger(trigger: Trigger) -> Text:
    groups = [_patterns(group) or _NOTHING for group in trigger.groups]
    return _both(lambda language: _AND.in_(language).join(group.in_(language) for group in groups))


def _rung(rung: Rung, language: str) -> str:
    return f"{words.length(rung.after, language)}: {words.role(rung.to, language)}"


def _basis(basis: Basis) -> Text:
    day = "" if basis.checked is None else f" ({basis.checked.isoformat()})"
    return _same(f"{basis.text}{day}")


def _office(office: Office | None) -> Text | None:
    if office is None:
        return None
    hours = ", ".join(f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in office.hours)
    closed = ", ".join(day.isoformat() for day in office.closed)
    return _same(f"{', '.join(office.days)}; {hours}; {office.zone}" + (f"; – {closed}" if closed else ""))


def _clock(step: Step, language: str) -> str:
    return words.clock(step, language).removeprefix("within ").removeprefix("plazo: ")


def _need(need: Need, language: str) -> str:
    if isinstance(need, Happened):
        within = "" if need.within is None else f" ({words.length(need.within, language)})"
        return ", ".join(_pattern(pattern, language) for pattern in need.patterns) + within
    return need.step


def _source(source: Source, language: str) -> str:
    return f"{_pattern(source.pattern, language)}: {source.field or source.value}"


def _condition(part: object) -> Text | None:
    when = getattr(part, "when", None)
    return None if when is None else _same(when.sql)


_NOTHING: Final = Text("nothing", "nada")
_AND: Final = Text("; and ", "; y ")

_WHOLE: Final[_Read] = {
    "name": lambda whole: _same(whole.protocol.name),
    "title": lambda whole: whole.title,
    "office": lambda whole: _office(whole.protocol.office),
}
_STEP: Final[_Read] = {
    "title": lambda step: step.title,
    "stage": lambda step: _same(step.stage),
    "after": lambda step: _trigger(step.after),
    "when": _condition,
    "within": lambda step: _both(lambda language: _clock(step, language)),
    "grace": lambda step: _length(step.grace or None),
    "role": lambda step: _both(lambda language: words.role(step.role, language)),
    "requires": lambda step: _list(step.requires, _plain),
    "done": lambda step: _trigger(step.done),
    "declined": lambda step: _patterns(step.declined),
    "void": lambda step: _patterns(step.void),
    "repeat": lambda step: _length(step.repeat),
    "each": lambda step: _same("subject") if step.each_subject else None,
    "escalate": lambda step: _list(step.escalate, _rung),
    "starts": lambda step: _list(step.starts, _plain),
    "part_of": lambda step: None if step.part_of is None else _same(step.part_of),
    "basis": lambda step: _basis(step.basis),
    "choice": lambda step: step.choice,
}
_SUBPROTOCOL: Final[_Read] = {
    "title": lambda sub: sub.title,
    "after": lambda sub: _patterns(sub.after),
    "when": _condition,
}
_GATE: Final[_Read] = {
    "holds": lambda gate: _list(gate.holds, words.event),
    "when": _condition,
    "needs": lambda gate: _list(gate.needs, _need),
    "reason": lambda gate: gate.reason,
    "basis": lambda gate: _basis(gate.basis),
}
_FACT: Final[_Read] = {"sources": lambda fact: _list(fact.sources, _source)}

_FIELDS: Final[Mapping[str, Text]] = {
    "added": Text("New", "Nuevo"),
    "removed": Text("Removed", "Retirado"),
    "name": Text("name", "nombre"),
    "title": Text("title", "título"),
    "office": Text("office hours", "horario"),
    "stage": Text("stage", "etapa"),
    "after": Text("starts after", "empieza tras"),
    "when": Text("only if", "solo si"),
    "within": Text("clock", "plazo"),
    "grace": Text("still on time for", "margen"),
    "role": Text("who does it", "quién lo hace"),
    "requires": Text("training needed", "formación necesaria"),
    "done": Text("done by", "se cumple con"),
    "declined": Text("a no is", "un no es"),
    "void": Text("pointless after", "deja de tener sentido tras"),
    "repeat": Text("again after", "de nuevo tras"),
    "each": Text("a clock for each", "un plazo para cada"),
    "escalate": Text("who hears when it is late", "quién se entera si se retrasa"),
    "starts": Text("starts", "inicia"),
    "part_of": Text("part of", "parte de"),
    "basis": Text("why", "por qué"),
    "choice": Text("what the person is offered", "qué se ofrece a la persona"),
    "holds": Text("waits", "espera"),
    "needs": Text("needs first", "antes hace falta"),
    "reason": Text("reason", "motivo"),
    "sources": Text("comes from", "viene de"),
}
