"""What a picture of a protocol says, in both languages: clocks, roles, events and signs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from leeward.rules.protocol.definition import BasisKind, Part, Protocol, Step
from leeward.rules.protocol.office import Clock
from leeward.rules.wording import Text

from .opening import ByEvent, ByStep, Opener, Opening

#: A space at which no line is broken.
FIXED: Final = "\u00a0"

ROLES: Final[Mapping[str, Text]] = {
    "screener": Text("Screener", "Persona que detecta"),
    "clinician": Text("Clinician", "Personal clínico"),
    "therapist": Text("Therapist", "Terapeuta"),
    "case_manager": Text("Case manager", "Gestión de casos"),
    "privacy_officer": Text("Privacy officer", "Encargada de privacidad"),
    "program_director": Text("Program director", "Dirección del programa"),
    "evaluator": Text("Evaluator", "Evaluación"),
    "partner": Text("Partner staff", "Personal de agencia colaboradora"),
}

#: An event as what a step waits for: "After: 3, a sign was noticed". Short, because it stands in a small box.
EVENTS: Final[Mapping[str, Text]] = {
    "client.registered": Text("first contact", "primer contacto"),
    "indicator.observed": Text("signs noticed", "señales"),
    "conversation.private": Text("a talk alone", "una charla a solas"),
    "conversation.declined": Text("no to a talk alone", "no a hablar a solas"),
    "confidentiality.explained": Text("privacy explained", "la privacidad explicada"),
    "education.offered": Text("information offered", "información ofrecida"),
    "education.declined": Text("no to information", "no a la información"),
    "screening.completed": Text("a screening conversation", "una conversación de detección"),
    "screening.declined": Text("no to a screening conversation", "no a la conversación de detección"),
    "safety.assessed": Text("safety checked", "revisar la seguridad"),
    "suicide_risk.assessed": Text("suicide risk checked", "evaluar el riesgo de suicidio"),
    "report.made": Text("a report", "un aviso"),
    "report.not_required": Text("no report required", "saber que no se exige aviso"),
    "consent.discussed": Text("a talk about sharing", "una charla sobre compartir"),
    "consent.granted": Text("a permission given", "un permiso"),
    "consent.declined": Text("no to sharing", "no a compartir"),
    "consent.withdrawn": Text("a permission taken back", "retirar un permiso"),
    "needs.assessed": Text("needs asked", "preguntar por las necesidades"),
    "needs.declined": Text("no to talking about needs", "no a hablar de necesidades"),
    "measure.completed": Text("a measure filled in", "una medida"),
    "measure.declined": Text("no to a measure", "no a una medida"),
    "plan.agreed": Text("a plan agreed", "acordar un plan"),
    "plan.reviewed": Text("the plan reviewed", "revisar el plan"),
    "plan.declined": Text("no to a plan", "no a un plan"),
    "safety_plan.saved": Text("a safety plan", "un plan de seguridad"),
    "safety_plan.declined": Text("no to a safety plan", "no a un plan de seguridad"),
    "referral.sent": Text("a referral sent", "enviar una derivación"),
    "referral.accepted": Text("a referral accepted", "aceptar una derivación"),
    "referral.waitlisted": Text("a place on a waiting list", "entrar en lista de espera"),
    "referral.declined": Text("a referral turned down", "rechazar una derivación"),
    "referral.closed": Text("a referral finished", "terminar una derivación"),
    "referral.withdrawn": Text("a referral called back", "retirar una derivación"),
    "session.attended": Text("a session", "una sesión"),
    "session.missed": Text("a missed session", "faltar a una sesión"),
    "treatment.declined": Text("no to treatment", "no al tratamiento"),
    "treatment.completed": Text("treatment finished", "terminar el tratamiento"),
    "law_enforcement.contacted": Text("contact with the police", "contacto con la policía"),
    "law_enforcement.declined": Text("no to the police", "no a la policía"),
    "conference.held": Text("a team review", "una revisión en equipo"),
    "conference.declined": Text("no to a team review", "no a la revisión en equipo"),
    "incident.reported": Text("a serious event", "un suceso grave"),
    "incident.reviewed": Text("an event reviewed", "revisar un suceso"),
    "protocol.moved": Text("a move to another version", "pasar a otra versión"),
    "aftercare.contacted": Text("contact afterwards", "un contacto de seguimiento"),
    "aftercare.declined": Text("no to aftercare", "no al seguimiento"),
    "rating.given": Text("a rating", "una valoración"),
    "research.declined": Text("no to research", "no a la investigación"),
    "case.closed": Text("the case closed", "el cierre del caso"),
    "case.reopened": Text("the case opened again", "la reapertura del caso"),
}

TITLE: Final = Text("{protocol}: who does what, and by when", "{protocol}: quién hace qué y en qué plazo")
DESCRIPTION: Final = Text(
    "A picture with a lane for each role and a column for each stage. {steps} steps, each with its clock; "
    "arrows and numbers say which step opens which. The list of steps says the same in words.",
    "Un dibujo con un carril por función y una columna por etapa. {steps} pasos, cada uno con su plazo; "
    "las flechas y los números indican qué paso abre cuál. La lista de pasos dice lo mismo con palabras.",
)
SUBPROTOCOL: Final = Text("{title}: a protocol of its own", "{title}: un protocolo aparte")
STAGE: Final = Text("Stage {number}: {title}", "Etapa {number}: {title}")
STAGE_NUMBER: Final = Text("Stage {number}", "Etapa {number}")
STARTS: Final = Text("Starts: {title}", "Inicia: {title}")
SAID_NO: Final = Text("They can say no", "Puede decir no")
LAW: Final = Text("Law", "Ley")
AGAIN: Final = Text("Again each time", "De nuevo cada vez")
AGAIN_AFTER: Final = Text("Again after {length}", "De nuevo tras {length}")
RUNGS: Final = (
    Text("If late: 1 is told", "Si se retrasa: 1 aviso"),
    Text("If late: {n} are told", "Si se retrasa: {n} avisos"),
)

NUMBERS: Final = Text("After 3: step 3 can open it", "Tras 3: el paso 3 puede abrirlo")
LEGEND: Final[Mapping[str, Text]] = {
    "choice": Text("The person can say no", "La persona puede decir que no"),
    "again": Text("Comes again", "Se repite"),
    "law": Text("Required by law", "Lo exige la ley"),
    "ladder": Text("If late, others hear of it", "Si se retrasa, se avisa a otras personas"),
    "starts": Text("Starts a protocol of its own", "Inicia un protocolo aparte"),
    "joint": Text("All of these first", "Antes, todo esto"),
    "done": Text("Doing it can open the next", "Hacerlo puede abrir el siguiente"),
    "declined": Text("A no can open the next", "Un no puede abrir el siguiente"),
}

_NOW: Final = Text("at once", "enseguida")
_UNITS: Final = (
    (86_400, Text("day", "día"), Text("days", "días")),
    (3_600, Text("hour", "hora"), Text("hours", "horas")),
    (60, Text("minute", "minuto"), Text("minutes", "minutos")),
    (1, Text("second", "segundo"), Text("seconds", "segundos")),
)


def role(name: str, language: str) -> str:
    """A role's name; a role that is new to this table stands for itself."""
    known = ROLES.get(name)
    return known.in_(language) if known else name.replace("_", " ")


def event(kind: str, language: str) -> str:
    """An event as what a step waits for; a kind that is new to this table stands for itself."""
    known = EVENTS.get(kind)
    return known.in_(language) if known else kind.replace(".", " ").replace("_", " ")


def length(amount: timedelta, language: str) -> str:
    """A length of time as people say it: 3 days; 1 day, 12 hours; nothing is "at once"."""
    rest = int(amount.total_seconds())
    parts = []
    for seconds, one, many in _UNITS:
        number, rest = divmod(rest, seconds)
        if number:
            parts.append(f"{number} {(one if number == 1 else many).in_(language)}")
    return ", ".join(parts) or _NOW.in_(language)


def clock(step: Step, language: str) -> str:
    """A step's clock: at once, within 3 days, within 2 office days, within 8 office hours."""
    if not step.within:
        return _NOW.in_(language)
    said = length(step.within, language)
    match step.clock:
        case Clock.OFFICE_DAYS:
            days = step.within // timedelta(days=1)
            one, many = Text("office day", "día hábil"), Text("office days", "días hábiles")
            said = f"{days} {(one if days == 1 else many).in_(language)}"
        case Clock.OFFICE_HOURS:
            said = Text(f"{said} of office time", f"{said} de oficina").in_(language)
        case Clock.ALWAYS:
            pass
    return Text(f"within {said}", f"plazo: {said}").in_(language)


def after(opening: Opening, numbers: Mapping[str, int], language: str) -> str:
    """What opens a step, other steps by their numbers: "After 3, 7 or signs noticed"."""
    if not opening.groups:
        return ""
    both, start = Text(" and ", " y ").in_(language), Text("After", "Tras").in_(language)
    groups = [_any(group, numbers, language) for group in opening.groups]
    if opening.is_joint:
        groups = [f"({said})" if len(group) > 1 else said for said, group in zip(groups, opening.groups, strict=True)]
    return f"{start} {both.join(groups)}"


def _any(group: tuple[Opener, ...], numbers: Mapping[str, int], language: str) -> str:
    *first, last = _sorted(group, numbers, language)
    either = Text(" or ", " o ").in_(language)
    return f"{', '.join(first)}{either}{last}" if first else last


def _sorted(group: tuple[Opener, ...], numbers: Mapping[str, int], language: str) -> list[str]:
    """Steps by number first, then those whose refusal opens, then events from elsewhere."""
    done = sorted(numbers[one.step] for one in group if isinstance(one, ByStep) and one.part is Part.DONE)
    no = sorted(numbers[one.step] for one in group if isinstance(one, ByStep) and one.part is Part.DECLINED)
    ended = sorted(numbers[one.step] for one in group if isinstance(one, ByStep) and one.part is Part.VOID)
    others = [event(one.kind, language) for one in group if isinstance(one, ByEvent)]
    no_to, end_of = Text("a no to", "un no a"), Text("the end of", "el fin de")
    return [
        *map(str, done),
        *(f"{no_to.in_(language)} {number}".replace(" ", FIXED) for number in no),
        *(f"{end_of.in_(language)} {number}".replace(" ", FIXED) for number in ended),
        *others,
    ]


def again(step: Step, language: str) -> str:
    """How a step comes again: after a period, or each time it was done."""
    if step.repeat is None:
        return AGAIN.in_(language)
    return AGAIN_AFTER.filled(length=length(step.repeat, language)).in_(language)


def rungs(number: int, language: str) -> str:
    """How many rungs a ladder has."""
    one, many = RUNGS
    return one.in_(language) if number == 1 else many.filled(n=number).in_(language)


def ladder(step: Step, language: str) -> str:
    """Who hears when it is late, and when: "If late: Program director after 2 days"."""
    if not step.escalate:
        return ""
    heard = []
    for rung in step.escalate:
        when = Text(f"after {length(rung.after, language)}", f"tras {length(rung.after, language)}")
        heard.append(f"{role(rung.to, language)} {(when if rung.after else _NOW).in_(language)}")
    return f"{Text('If late', 'Si se retrasa').in_(language)}: {', '.join(heard)}"


def in_full(protocol: Protocol, step: Step, opening: Opening, numbers: Mapping[str, int], language: str) -> str:
    """Everything that the box of a step shows, in sentences."""
    sentences = [
        f"{numbers[step.id]}. {step.title.in_(language)}",
        STAGE.filled(
            number=protocol.stage(step.stage).number, title=protocol.stage(step.stage).title.in_(language)
        ).in_(language),
        f"{role(step.role, language)}, {clock(step, language)}",
        after(opening, numbers, language),
        step.choice.in_(language) if step.choice else "",
        again(step, language) if opening.comes_again else "",
        ladder(step, language),
        f"{LAW.in_(language)}: {step.basis.text}" if step.basis.kind is BasisKind.LAW else "",
    ]
    said = (sentence.rstrip(".") for sentence in sentences if sentence)
    return ". ".join(sentence[:1].upper() + sentence[1:] for sentence in said) + "."
