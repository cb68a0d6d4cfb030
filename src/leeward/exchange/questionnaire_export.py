"""Writes a measure or a conversation as a FHIR R4 Questionnaire: LOINC codes, ordinal values, credit, whose words."""

from __future__ import annotations

from collections.abc import Iterable

from leeward.rules.instruments import AnswerOption, Audience, Conversation, Extra, Instrument, Item, Wording
from leeward.rules.wording import Text

from .questionnaire import LOINC, MEASURE, ORDINAL, WORDING

Resource = dict[str, object]


def export_instrument(instrument: Instrument, language: str = "en") -> Resource:
    """The measure as a Questionnaire in one language. Nothing is required of the person: every item may be skipped."""
    items: list[Resource] = [_item(instrument, item, language) for item in instrument.items]
    items += [_extra(instrument, extra, language) for extra in instrument.extras]
    if instrument.score_loinc:
        items.append(_total(instrument.score_loinc, instrument.short_name))
    resource = _questionnaire(
        instrument.name, instrument.version, instrument.title, language, instrument.wording_in(language)
    )
    system, code = (LOINC, instrument.panel_loinc) if instrument.panel_loinc else (MEASURE, instrument.name)
    resource["code"] = [{"system": system, "code": code, "display": instrument.short_name}]
    return resource | {
        "description": instrument.intro.in_(language),
        "copyright": instrument.credit,
        "item": items,
    }


def export_conversation(
    conversation: Conversation, language: str = "en", audience: Audience = Audience.ADULT
) -> Resource:
    """The conversation as a Questionnaire. Its answers have no scores: skipping is an answer of its own."""
    system = _system(conversation.name)
    options = [
        {"valueCoding": {"system": system, "code": reply.value, "display": text.in_(language)}}
        for reply, text in conversation.replies.items()
    ]
    resource = _questionnaire(
        conversation.name, conversation.version, conversation.title, language, conversation.wording[language[:2]]
    )
    return resource | {
        "description": f"{conversation.intro(audience).in_(language)} {conversation.validation_note.in_(language)}",
        "item": [
            {
                "linkId": question.id,
                "text": question.text(audience).in_(language),
                "type": "choice",
                "required": False,
                "answerOption": options,
            }
            for question in conversation.questions
        ],
    }


def _questionnaire(name: str, version: str, title: Text, language: str, wording: Wording) -> Resource:
    return {
        "resourceType": "Questionnaire",
        "id": name,
        "meta": {"tag": [{"system": WORDING, "code": wording.value}]},
        "language": language,
        "version": version,
        "name": "".join(part.capitalize() for part in name.replace("-", " ").split()),
        "title": title.in_(language),
        "status": "active",
        "subjectType": ["Patient"],
    }


def _item(instrument: Instrument, item: Item, language: str) -> Resource:
    return _choice(instrument, item.id, item.loinc, item.text, instrument.options, language)


def _extra(instrument: Instrument, extra: Extra, language: str) -> Resource:
    return _choice(instrument, extra.loinc, extra.loinc, extra.text, extra.answers, language)


def _choice(
    instrument: Instrument, link: str, loinc: str | None, text: Text, options: Iterable[AnswerOption], language: str
) -> Resource:
    asked: Resource = {"linkId": link, "text": text.in_(language), "type": "choice", "required": False}
    if loinc:
        asked["code"] = [{"system": LOINC, "code": loinc}]
    asked["answerOption"] = [
        {
            "extension": [{"url": ORDINAL, "valueDecimal": option.value}],
            "valueCoding": {
                "system": LOINC if option.loinc else _system(instrument.name),
                "code": option.loinc or str(option.value),
                "display": option.text.in_(language),
            },
        }
        for option in options
    ]
    return asked


def _total(loinc: str, name: str) -> Resource:
    return {
        "linkId": "total",
        "text": f"{name} total",
        "type": "decimal",
        "required": False,
        "readOnly": True,
        "code": [{"system": LOINC, "code": loinc}],
    }


def _system(name: str) -> str:
    return f"urn:leeward:instrument:{name}"
