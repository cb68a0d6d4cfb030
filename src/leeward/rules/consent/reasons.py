"""What is said to a person about a decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from leeward.rules.wording import Text

from .model import Reason, ReasonCode, Regime

_NOBODY_SIGNS = Text(
    "A minor needs somebody to sign with them, and for this there is nobody now.",
    "Un menor necesita a alguien que firme con él, y para esto ahora no hay nadie.",
)
_WORDS: Mapping[ReasonCode, Text] = {
    ReasonCode.NO_ROW: Text(
        "No rule permits this, so the answer is no.", "Ninguna regla lo permite, así que la respuesta es no."
    ),
    ReasonCode.REGIME_SILENT: Text(
        "The holder is under {regime}, and no rule of it permits this.",
        "Quien guarda los datos está bajo {regime}, y ninguna regla lo permite.",
    ),
    ReasonCode.RESTRICTED: Text(
        "The person said no to this, and a no beats every yes.", "La persona dijo que no, y un no vale más que un sí."
    ),
    ReasonCode.COVERED: Text("The person said yes to this.", "La persona dijo que sí a esto."),
    ReasonCode.NO_GRANT: Text("The person has not said yes to this.", "La persona no ha dicho que sí a esto."),
    ReasonCode.OTHER_PURPOSE: Text("The permission is for another purpose.", "El permiso es para otro fin."),
    ReasonCode.NOT_STARTED: Text("The permission has not begun yet.", "El permiso aún no ha empezado."),
    ReasonCode.ENDED: Text("The permission has ended.", "El permiso ya terminó."),
    ReasonCode.WITHDRAWN: Text("The person took the permission back.", "La persona retiró el permiso."),
    ReasonCode.LACKS_ELEMENTS: Text("The permission lacks: {elements}.", "Al permiso le falta: {elements}."),
    ReasonCode.TOO_LONG: Text(
        "A permission for this may last {days} days at most.",
        "Un permiso para esto puede durar {days} días como mucho.",
    ),
    ReasonCode.ENDS_BEFORE_START: Text("It would end before it begins.", "Terminaría antes de empezar."),
    ReasonCode.NEEDS_REASON: Text(
        "A permission for more than {days} days needs a reason.", "Un permiso de más de {days} días necesita un motivo."
    ),
    ReasonCode.NOTHING_NAMED: Text("Choose at least one thing to share.", "Elija al menos una cosa para compartir."),
    ReasonCode.SIGNER_MAY_CONTROL: Text(
        "Someone who may control the person can't sign for them.",
        "Quien podría controlar a la persona no puede firmar por ella.",
    ),
    ReasonCode.NEEDS_REPRESENTATIVE: _NOBODY_SIGNS,
    # In the same words: whoever sits beside a minor must not read why they may not sign (G-02).
    ReasonCode.REPRESENTATION_ENDED: _NOBODY_SIGNS,
    ReasonCode.OUTSIDE_REPRESENTATION: Text(
        "Whoever signed with the person may not decide about this.",
        "Quien firmó con la persona no puede decidir sobre esto.",
    ),
    ReasonCode.LACKS_WORDING: Text(
        "The form has no approved wording in this language.",
        "El formulario no tiene un texto aprobado en este idioma.",
    ),
}

REGIMES: Mapping[Regime, str] = {
    Regime.HIPAA: "HIPAA",
    Regime.PART2: "42 CFR Part 2",
    Regime.VICTIM_SERVICES: "VAWA/VOCA/FVPSA",
    Regime.FERPA: "FERPA",
    Regime.NONE: "no federal privacy law",
}


def because(code: ReasonCode, *, about: str = "", **values: object) -> Reason:
    """A reason in words."""
    text = _WORDS[code]
    return Reason(code=code, text=text.filled(**values) if values else text, about=about)


def lacking(elements: Iterable[str], words: Mapping[str, Text], *, about: str = "") -> Reason:
    """A reason that lists the elements which a permission does not carry."""
    texts = [words[element] for element in sorted(elements)]
    listed = Text("; ".join(text.en.lower() for text in texts), "; ".join(text.es.lower() for text in texts))
    stem = _WORDS[ReasonCode.LACKS_ELEMENTS]
    text = Text(stem.en.replace("{elements}", listed.en), stem.es.replace("{elements}", listed.es))
    return Reason(code=ReasonCode.LACKS_ELEMENTS, text=text, about=about)
