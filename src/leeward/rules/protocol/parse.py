"""From a protocol definition's text to a checked Protocol, with every mistake named by file and line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise, product
from typing import Final, TypeVar

from leeward.rules.conditions import Condition, Named, Type, Value, parse_condition, possible
from leeward.rules.durations import parse_duration
from leeward.rules.errors import DefinitionError, RuleError
from leeward.rules.wording import Text
from leeward.rules.yaml_source import JSON, Document, Path, load, mistakes, nearest, raise_all

from .definition import (
    Basis,
    BasisKind,
    Closed,
    Fact,
    Gate,
    Happened,
    Need,
    Pattern,
    Protocol,
    Rung,
    Source,
    Stage,
    Step,
)
from .vocabulary import KINDS, ROLES

Made = TypeVar("Made")
_NO_TIME: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Checked:
    """A usable protocol, and what its author may want to look at again."""

    protocol: Protocol
    warnings: tuple[DefinitionError, ...]


def parse(text: str, *, name: str, schema: Mapping[str, object]) -> Protocol:
    """The protocol that a definition file says. Raises DefinitionError, whose `also` holds further mistakes."""
    return check(text, name=name, schema=schema).protocol


def check(text: str, *, name: str, schema: Mapping[str, object]) -> Checked:
    """Like `parse`, with warnings. `name` is the file's name for messages, `schema` the published JSON Schema."""
    document = load(text, name=name)
    raise_all(mistakes(document, schema))
    return interpret(document)


def interpret(document: Document) -> Checked:
    """The protocol that a document of the schema's shape says. Raises DefinitionError for what no schema can see."""
    reading = _Reading(document)
    protocol = reading.protocol(_Node(document.data, ()))
    raise_all(reading.mistakes)
    return Checked(protocol, tuple(sorted(reading.warnings, key=lambda warning: warning.line)))


@dataclass(frozen=True, slots=True)
class _Node:
    """A place in a document whose shape the schema has already checked."""

    data: JSON
    path: Path

    def get(self, key: str) -> _Node | None:
        return _Node(self.data[key], (*self.path, key)) if isinstance(self.data, dict) and key in self.data else None

    def at(self, key: str) -> _Node:
        return self.get(key) or _Node(None, (*self.path, key))

    def items(self) -> list[_Node]:
        """The entries of a list; anything else is a list of one; nothing is an empty list."""
        if isinstance(self.data, list):
            return [_Node(item, (*self.path, position)) for position, item in enumerate(self.data)]
        return [] if self.data is None else [self]

    def entries(self) -> list[tuple[str, _Node]]:
        return [(key, self.at(key)) for key in self.data] if isinstance(self.data, dict) else []

    def list(self, key: str) -> list[_Node]:
        return self.at(key).items()

    def text(self, key: str) -> str:
        return _text(self.at(key))


def _text(node: _Node) -> str:
    return str(node.data)


@dataclass(slots=True)
class _Reading:
    """Reads one document, collecting mistakes so that the author sees all of them at once."""

    document: Document
    mistakes: list[DefinitionError] = field(default_factory=list)
    warnings: list[DefinitionError] = field(default_factory=list)
    names: dict[str, Named] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def wrong(self, node: _Node, problem: str, remedy: str) -> None:
        self.mistakes.append(self.document.error(node.path, problem, remedy))

    def odd(self, node: _Node, problem: str, remedy: str) -> None:
        self.warnings.append(self.document.error(node.path, problem, remedy))

    def attempt(self, node: _Node, make: Callable[[], Made], otherwise: Made) -> Made:
        try:
            return make()
        except RuleError as error:
            self.wrong(node, str(error), error.hint)
            return otherwise

    def protocol(self, root: _Node) -> Protocol:
        stages = tuple(self.stage(node) for node in root.list("stages"))
        facts = tuple(self.fact(name, node) for name, node in root.at("facts").entries())
        void = self.patterns(root.at("void"))
        step_nodes = root.list("steps")
        steps = tuple(self.step(node, {stage.id for stage in stages}, void) for node in step_nodes)
        gate_nodes = root.list("gates")
        gates = tuple(self.gate(node, {step.id: step for step in steps}) for node in gate_nodes)
        for kind, nodes in (("stage", root.list("stages")), ("step", step_nodes), ("gate", gate_nodes)):
            self.once(kind, nodes)
        for name, node in root.at("facts").entries():
            if name not in self.used:
                self.odd(node, f"The fact `{name}` is never used.", "Use it in a `when`, or remove it.")
        return Protocol(
            name=root.text("protocol"),
            version=root.text("version"),
            title=self.words(root.at("title")),
            stages=stages,
            facts=facts,
            steps=steps,
            gates=gates,
        )

    def once(self, kind: str, nodes: list[_Node]) -> None:
        first: dict[str, _Node] = {}
        for node in nodes:
            before = first.setdefault(node.text("id"), node)
            if before is not node:
                line = self.document.line(before.path)
                self.wrong(
                    node.at("id"),
                    f"The {kind} id `{node.text('id')}` is used twice; first on line {line}.",
                    "Give each its own id.",
                )

    def stage(self, node: _Node) -> Stage:
        number = node.at("number").data
        return Stage(node.text("id"), number if isinstance(number, int) else 0, self.words(node.at("title")))

    def words(self, node: _Node) -> Text:
        return Text(en=node.text("en"), es=node.text("es"))

    # Facts

    def fact(self, name: str, node: _Node) -> Fact:
        self.attempt(node, lambda: _usable_name(name), None)
        given = node.at("from")
        bare = isinstance(given.data, str)
        if not bare and (stray := node.get("field")) is not None:
            self.wrong(stray, "`field` stands beside a list of sources.", "Move `field` into each source.")
        if bare and node.get("field") is None:
            self.wrong(
                node,
                f"The fact `{name}` does not say which field it reads.",
                f"Add `field:`. {self.fields(_text(given))}",
            )
        declared = Type(node.text("type"))
        sources = tuple(
            source
            for item in given.items()
            if (source := self.source(item, node if bare else item, declared)) is not None
        )
        named = Named(declared, _common_values(sources))
        self.names[name] = named
        return Fact(name, named, sources)

    def source(self, node: _Node, holder: _Node, declared: Type) -> Source | None:
        pattern = self.pattern(node)
        wanted, value = holder.get("field"), holder.get("value")
        if (wanted is None) == (value is None):
            if holder is node:
                self.wrong(
                    node,
                    "A source needs either `field` or `value`.",
                    "Say which field to read, or which value it means.",
                )
            return None
        if value is not None:
            literal = value.data if isinstance(value.data, str | int | bool) else None
            if not _is_of(literal, declared):
                self.wrong(value, f"The value is not {declared}.", f"Write a value of type {declared}.")
            return Source(pattern, value=literal)
        read = _text(wanted) if wanted is not None else ""
        if (kind := KINDS.get(pattern.kind)) is None or wanted is None:
            return None
        if read not in kind.fields:
            self.wrong(wanted, f"`{pattern.kind}` has no field `{read}`.", self.fields(pattern.kind, read))
            return None
        if (actual := kind.fields[read].type) is not declared:
            self.wrong(
                holder.at("type"),
                f"`{read}` of `{pattern.kind}` is {actual}, not {declared}.",
                f"Write `type: {actual}`.",
            )
        return Source(pattern, field=read)

    def fields(self, kind: str, word: str = "") -> str:
        known = list(KINDS[kind].fields) if kind in KINDS else []
        if not known:
            return "Events of this kind carry no fields."
        return nearest(word, known) if word else f"Its fields: {', '.join(known)}."

    # Patterns and conditions

    def kind(self, node: _Node) -> str:
        kind = _text(node)
        if kind not in KINDS:
            self.wrong(node, f"There is no kind of event `{kind}`.", nearest(kind, KINDS))
        return kind

    def pattern(self, node: _Node) -> Pattern:
        if not isinstance(node.data, dict):
            return Pattern(self.kind(node))
        kind = self.kind(node.at("kind"))
        where = node.get("where")
        if where is None or kind not in KINDS:
            return Pattern(kind)
        return Pattern(kind, self.condition(where, KINDS[kind].fields))

    def patterns(self, node: _Node) -> tuple[Pattern, ...]:
        return tuple(self.pattern(item) for item in node.items())

    def condition(self, node: _Node, names: Mapping[str, Named]) -> Condition | None:
        condition = self.attempt(node, lambda: parse_condition(_text(node), names), None)
        if condition is not None and not possible(condition, names):
            self.odd(node, f"`{condition.sql}` can never be true.", "Mend the condition, or remove what depends on it.")
        return condition

    def when(self, node: _Node) -> Condition | None:
        given = node.get("when")
        condition = None if given is None else self.condition(given, self.names)
        self.used.update(() if condition is None else condition.names)
        return condition

    def duration(self, node: _Node | None) -> timedelta:
        if node is None:
            return _NO_TIME
        return self.attempt(node, lambda: parse_duration(_text(node)), _NO_TIME)

    def role(self, node: _Node) -> str:
        role = _text(node)
        if role not in ROLES:
            self.wrong(node, f"There is no role `{role}`.", nearest(role, ROLES))
        return role

    # Steps and gates

    def step(self, node: _Node, stages: set[str], void: tuple[Pattern, ...]) -> Step:
        if node.text("stage") not in stages:
            self.wrong(
                node.at("stage"), f"There is no stage `{node.text('stage')}`.", nearest(node.text("stage"), stages)
            )
        after, done = self.patterns(node.at("after")), self.patterns(node.at("done"))
        for key, patterns in (("after", after), ("done", done)):
            if not patterns:
                self.wrong(node.at(key), f"`{key}` is empty, so the step can never be {_EMPTY[key]}.", "Name an event.")
        within, repeat = self.duration(node.get("within")), node.get("repeat")
        period = None if repeat is None else self.duration(repeat)
        if repeat is not None and period == _NO_TIME:
            self.wrong(repeat, "The step would open again at once, for ever.", "Repeat after some time, such as P30D.")
        if within == _NO_TIME and (again := _opens_again(after, done)):
            self.wrong(
                node.at("within"),
                f"`{again}` finishes the step and opens it again, due at once: it could never be done.",
                "Give it some time, or use different events to open and to finish it.",
            )
        declined, choice = self.patterns(node.at("declined")), node.get("choice")
        if declined and choice is None:
            self.wrong(
                node.at("declined"),
                "The survivor may decline, but `choice` does not say what is offered.",
                "Add `choice: {en: …, es: …}`.",
            )
        each_subject = node.get("each") is not None
        if each_subject:
            self.subjects(node, (*after, *done))
        return Step(
            id=node.text("id"),
            stage=node.text("stage"),
            title=self.words(node.at("title")),
            after=after,
            when=self.when(node),
            within=within,
            grace=self.duration(node.get("grace")),
            role=self.role(node.at("role")),
            requires=tuple(_text(item) for item in node.list("requires")),
            done=done,
            declined=declined,
            void=void if node.get("void") is None else self.patterns(node.at("void")),
            repeat=period,
            each_subject=each_subject,
            escalate=self.ladder(node.at("escalate")),
            basis=self.basis(node.at("basis")),
            choice=None if choice is None else self.words(choice),
        )

    def subjects(self, node: _Node, patterns: tuple[Pattern, ...]) -> None:
        for pattern in patterns:
            if pattern.kind in KINDS and not KINDS[pattern.kind].has_subject:
                self.wrong(
                    node.at("each"),
                    f"`{pattern.kind}` is about no subject, so it can't have a clock for each.",
                    "Remove `each`, or use events about a subject, such as referral.sent.",
                )

    def ladder(self, node: _Node) -> tuple[Rung, ...]:
        rungs = tuple(Rung(self.duration(item.get("after")), self.role(item.at("to"))) for item in node.items())
        if any(later.after < earlier.after for earlier, later in pairwise(rungs)):
            self.wrong(node, "The ladder goes down: a later rung comes earlier.", "Order the rungs by `after`.")
        return rungs

    def basis(self, node: _Node) -> Basis:
        law, default, checked = node.get("law"), node.get("default"), node.get("checked")
        if (law is None) == (default is None):
            self.wrong(node, "A basis is either `law` or `default`.", "Keep the one that applies.")
        if law is None:
            return Basis(kind=BasisKind.DEFAULT, text=node.text("default"))
        if checked is None:
            self.wrong(node, "A law needs the day on which it was last checked.", "Add `checked: 2026-11-23`.")
            return Basis(kind=BasisKind.LAW, text=_text(law))
        try:
            day = date.fromisoformat(_text(checked))
        except ValueError:
            self.wrong(checked, f"`{_text(checked)}` is not a day of the calendar.", "Write it as 2026-11-23.")
            day = date.min
        return Basis(kind=BasisKind.LAW, text=_text(law), checked=day)

    def gate(self, node: _Node, steps: Mapping[str, Step]) -> Gate:
        holds = tuple(self.kind(item) for item in node.list("holds"))
        needs: list[Need] = []
        for item in node.list("needs"):
            if (need := self.need(item, steps)) is None:
                continue
            needs.append(need)
            if (opening := _opened_by(need, steps)) and opening <= set(holds):
                self.wrong(item, "The gate holds back the only events that would open it.", "Remove them from `holds`.")
        return Gate(
            id=node.text("id"),
            holds=holds,
            when=self.when(node),
            needs=tuple(needs),
            reason=self.words(node.at("reason")),
            basis=self.basis(node.at("basis")),
        )

    def need(self, node: _Node, steps: Mapping[str, Step]) -> Need | None:
        happened, closed, within = node.get("happened"), node.get("closed"), node.get("within")
        if (happened is None) == (closed is None):
            self.wrong(node, "A need is either `happened` or `closed`.", "Keep one, or split it into two needs.")
            return None
        if happened is not None:
            return Happened(patterns=self.patterns(happened), within=None if within is None else self.duration(within))
        if within is not None:
            self.wrong(within, "`within` does not go with `closed`.", "Remove it.")
        step = node.text("closed")
        if step not in steps:
            self.wrong(node.at("closed"), f"There is no step `{step}`.", nearest(step, steps))
            return None
        return Closed(step)


_EMPTY: Final = {"after": "opened", "done": "finished"}


def _usable_name(name: str) -> None:
    """Refuse a fact whose name a condition would read as something else, such as `null` or `case`."""
    try:
        usable = parse_condition(f"{name} IS NULL", {name: Named(Type.BOOLEAN)}).names == (name,)
    except RuleError:
        usable = False
    if not usable:
        raise RuleError(f"`{name}` can't be the name of a fact.", hint="SQL gives this word a meaning; choose another.")


def _opened_by(need: Need, steps: Mapping[str, Step]) -> set[str]:
    """The kinds of event by which staff can fulfil a need."""
    match need:
        case Happened(patterns=patterns):
            return {pattern.kind for pattern in patterns}
        case Closed(step=step):
            return {pattern.kind for pattern in (*steps[step].done, *steps[step].declined)}


def _common_values(sources: tuple[Source, ...]) -> tuple[str | int, ...]:
    """The only values that a fact can hold, if all its sources say so."""
    found: dict[str | int, None] = {}
    for source in sources:
        if source.field is None:
            if isinstance(source.value, bool) or source.value is None:
                return ()
            found[source.value] = None
        elif one_of := KINDS[source.pattern.kind].fields[source.field].one_of:
            found.update(dict.fromkeys(one_of))
        else:
            return ()
    return tuple(found)


def _is_of(value: Value, kind: Type) -> bool:
    match kind:
        case Type.BOOLEAN:
            return isinstance(value, bool)
        case Type.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool)
        case _:
            return isinstance(value, str)


def _opens_again(after: tuple[Pattern, ...], done: tuple[Pattern, ...]) -> str | None:
    """A kind that certainly finishes and opens a step in one event."""
    for one, other in product(after, done):
        if one.kind == other.kind and (one.where is None or one.where == other.where):
            return one.kind
    return None
