"""A comparison in plain sentences in the active language, from its document alone."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leeward.learn import reading
from leeward.learn.reading import Part


def held_fixed() -> str:
    """What every reader must know before the first number."""
    return _(
        "What happened is held fixed: everything is taken to have happened at the same moments. "
        "With another protocol people would have acted differently, and this can’t say how."
    )


def sentences(document: Part) -> tuple[str, ...]:
    """What would have been judged or asked otherwise, the greatest change first; that nothing would, where it is so."""
    changed = [step for step in document["steps"] if is_changed(step)]
    said = [sentence for step in sorted(changed, key=_size, reverse=True) for sentence in _of_step(step)]
    if not changed:
        return (_("Nothing would have been asked or judged otherwise."),)
    others = sum(1 for _step in document["steps"]) - len(changed)
    if others:
        said.append(
            ngettext("Nothing changes for %(n)s other step.", "Nothing changes for %(n)s other steps.", others)
            % {"n": others}
        )
    return tuple(said)


def is_changed(step: Part) -> bool:
    """Whether the step was opened or judged otherwise for anybody. A hidden count is not zero."""
    return any(step[name].is_hidden or step[name].number for name in ("new", "gone", "changed")) or (
        step["a"].is_absent != step["b"].is_absent
    )


def _size(step: Part) -> float:
    """How much is known to change."""
    missed = (step["b"]["missed"].number or 0) - (step["a"]["missed"].number or 0)
    return abs(missed) + sum(step[name].number or 0 for name in ("new", "gone"))


def _of_step(step: Part) -> Iterator[str]:
    named = {"step": step["title"].text}
    if step["a"].is_absent:
        yield _("“%(step)s” is new: opened %(count)s times.") % (named | {"count": reading.count(step["b"]["opened"])})
        return
    if step["b"].is_absent:
        yield _("“%(step)s” goes: it had been opened %(count)s times.") % (
            named | {"count": reading.count(step["a"]["opened"])}
        )
        return
    yield from _count_of(
        step,
        "opened",
        _("“%(step)s” would have been opened %(after)s times instead of %(before)s."),
        _("How often “%(step)s” would have been opened changes, for too few people to show."),
    )
    yield from _count_of(
        step,
        "missed",
        _("“%(step)s” would have been late or left undone %(after)s times instead of %(before)s."),
        _("How often “%(step)s” would have been late or left undone changes, for too few people to show."),
    )


def _count_of(step: Part, name: str, sentence: str, hidden: str) -> Iterator[str]:
    """The change of one count; whether a hidden one changed is told only by what else is known to."""
    named = {"step": step["title"].text}
    before, after = step["a"][name], step["b"][name]
    if before.is_hidden or after.is_hidden:
        known = ("new", "gone") if name == "opened" else ("turned_missed", "turned_fine")
        if any(step[each].is_hidden or step[each].number for each in known):
            yield hidden % named
    elif before.number != after.number:
        yield sentence % (named | {"before": reading.count(before), "after": reading.count(after)})
