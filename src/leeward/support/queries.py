"""What may be read of support. Always what the database lets the asker see."""

from dataclasses import dataclass

from django.utils.functional import Promise

from leeward.people import vault
from leeward.people.models import Client
from leeward.people.services import WORDS

from .models import Copy, NeedsAssessment, SafetyPlan
from .sections import SECTIONS, Section, from_text


@dataclass(frozen=True, slots=True)
class Written:
    """One part of a plan with what the survivor said."""

    section: Section
    words: str


def newest_plan(client: Client) -> SafetyPlan | None:
    return SafetyPlan.objects.filter(client=client).select_related("by").first()


def plan_version(client: Client, version: int) -> SafetyPlan | None:
    return SafetyPlan.objects.filter(client=client, version=version).select_related("by").first()


def sections_of(client: Client, plan: SafetyPlan | None) -> dict[str, str]:
    """The survivor's words, by part. Raises SealBroken."""
    return from_text(vault.open_sealed(client, plan.sections_place, plan.sections)) if plan else {}


def written(client: Client, plan: SafetyPlan | None) -> list[Written]:
    """The filled parts, in the order of the plan."""
    words = sections_of(client, plan)
    return [Written(section, words[section.code]) for section in SECTIONS if words.get(section.code)]


def may_be_printed(client: Client) -> SafetyPlan | None:
    """The newest plan if a copy of it is safe. What it says about copies holds for older versions too."""
    plan = newest_plan(client)
    return plan if plan is not None and plan.copy == Copy.PRINTED else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    code: str
    words: str | Promise
    is_urgent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    assessment: NeedsAssessment
    needs: tuple[Need, ...]
    words: str


def latest_needs(client: Client) -> Assessed | None:
    """What was said last about needs, in the survivor's order. Raises SealBroken."""
    assessment = NeedsAssessment.objects.filter(client=client).select_related("by").first()
    if assessment is None:
        return None
    words = vault.open_sealed(client, assessment.words_place, assessment.words) if assessment.words else ""
    return Assessed(
        assessment=assessment,
        needs=tuple(
            Need(code=code, words=WORDS.get(code, code), is_urgent=code in assessment.urgent)
            for code in assessment.needs
        ),
        words=words,
    )


CONTACT_FIELDS = ("contact_method", "phone", "contact_hours", "contact_notes")


def safe_contact(client: Client) -> dict[str, str]:
    """How to reach them safely, as the vault has it. Raises SealBroken."""
    facts = vault.identity(client)
    return {field: facts[field] for field in CONTACT_FIELDS if facts.get(field)}
