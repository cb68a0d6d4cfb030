"""What the codes of a document are called on pages, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from leeward.rules.durations import parse_duration
from leeward.rules.errors import DurationError

Words = Mapping[str, str | Promise]

ERAS: Final[Words] = {"before": _("Before go-live"), "since": _("Since go-live")}
STAGES: Final[Words] = {
    "seen": _("Came to us"),
    "noticed": _("Signs noticed"),
    "asked": _("Talked with alone"),
    "screened": _("Screened"),
    "identified": _("Screening positive"),
    "accepted": _("Accepted help"),
    "referred": _("Referred to a partner"),
    "linked": _("Linked to the partner"),
    "treated": _("Began treatment"),
    "retained": _("Stayed in treatment"),
}
#: Ends the sentence "Of 100 people at this stage, 40 …".
NOT_REACHED: Final[Words] = {
    "asked": _("were not talked with alone"),
    "screened": _("were not screened"),
    "accepted": _("did not come to accept help"),
    "referred": _("were not referred to a partner"),
    "linked": _("were not linked to a partner"),
    "treated": _("did not begin treatment"),
    "retained": _("did not stay in treatment"),
}
#: Why a stage was not reached by somebody who did not say no.
WHY_NOT: Final[Words] = {
    "refused": _("The partner could not take them"),
    "unanswered": _("No answer from the partner on record"),
    "contact_lost": _("Record closed: contact was lost"),
    "their_choice": _("Record closed: they ended it"),
    "left": _("Record closed: moved, another service, jail or death"),
    "closed": _("Record closed for another reason"),
    "silent": _("Record open, and nothing written in it for long"),
    "open": _("Record open, not done yet"),
}
CHANGES: Final[Words] = {
    "recovered": _("Recovered"),
    "improved": _("Improved"),
    "unchanged": _("No reliable change"),
    "deteriorated": _("Worse"),
    "harmed": _("Worse, and now in the clinical range"),
}
INCIDENTS: Final[Words] = {
    "breach": _("Breach of privacy"),
    "police_contact": _("Unwanted contact with police"),
    "retrafficking": _("Exploited again"),
    "retaliation": _("Retaliation"),
    "hospitalisation": _("Hospital stay"),
    "attempt": _("Suicide attempt"),
    "death": _("Death"),
    "complaint": _("Complaint"),
}
ACCURACY: Final[Words] = {
    "ppv": _("Right when positive"),
    "npv": _("Right when negative"),
    "sensitivity": _("Found, of those concerned"),
    "specificity": _("Cleared, of those not concerned"),
}
METHODS: Final[Words] = {
    "wilson": _("Wilson score interval"),
    "clopper_pearson": _("exact interval of Clopper and Pearson"),
    "newcombe": _("Newcombe’s interval for a difference of two shares"),
    "student_t": _("Student’s t interval"),
    "kaplan_meier_log_log": _("Kaplan–Meier estimate, log-log interval"),
    "begg_greenes": _("corrected for partial verification (Begg and Greenes), delta-method interval"),
    "begg_greenes_recovered": _("corrected for partial verification (Begg and Greenes), limits from Wilson’s"),
    "mixed_model_reml": _("linear mixed model, REML, normal limits"),
    "normal": _("normal limits"),
    "wald_on_log": _("Wald limits on the log scale"),
}
WARNINGS: Final[Words] = {
    "too_few_people": _("So few people came that nearly everything is hidden."),
    "no_go_live": _("The data do not say when the protocol began, so before and since can’t be compared."),
    "nobody_since_go_live": _("Nobody has come since the protocol began."),
    "no_second_scores": _("Nobody was measured twice, so nothing can be said about change."),
    "no_scores": _("There are no scores, so nothing can be said about symptoms."),
}

FOLLOWED: Final[Words] = {
    "asked": _("Talked with alone, of those with a sign"),
    "identified": _("Screening positive, of all who came"),
}
#: By how a warning of the statistics begins.
DOUBTS: Final[Words] = {
    "About ": _("few events are to be expected in a period, so the limits are rough."),
    "Fewer than 12 points": _("fewer than 12 periods on a side, so trend and change are told apart poorly."),
    "Durbin–Watson": _("neighbouring periods are alike, and the limits of the model take no account of it."),
    "Limits rest on": _("the limits rest on fewer than 12 periods."),
}
SIGNALS: Final[Words] = {
    "beyond_limits": _("beyond the limits"),
    "run_on_one_side": _("a run on one side"),
    "trend": _("a trend"),
    "two_of_three_beyond_2_sigma": _("two of three far off"),
    "four_of_five_beyond_1_sigma": _("four of five on one side"),
}
OUTCOMES: Final[Words] = {
    "not_linked": _("Accepted, not linked"),
    "declined": _("Turned down"),
    "withdrawn": _("Called back"),
    "accepted": _("Accepted, not finished"),
    "waitlisted": _("On a waiting list"),
    "no_answer": _("No answer"),
}
PARTNERS: Final[Words] = {
    "all": _("All partners"),
    "hospital": _("Hospital"),
    "shelter": _("Shelter"),
    "law_enforcement": _("Law enforcement victim unit"),
    "legal_aid": _("Legal aid"),
    "social_services": _("County social services"),
    "not_known": _("Not known"),
}
CLOSINGS: Final[Words] = {
    "no_need": _("No need found"),
    "goals_met": _("Goals met"),
    "lost_contact": _("Contact was lost"),
    "withdrew": _("They ended it"),
    "moved": _("Moved away"),
    "transferred": _("Went to another service"),
    "incarcerated": _("Jail or prison"),
    "died": _("Died"),
    "ineligible": _("Not eligible"),
    "safety": _("Not safe to go on"),
    "other": _("Another reason"),
}
DIMENSIONS: Final[Words] = {
    "reach": _("Reach"),
    "effectiveness": _("Effectiveness"),
    "adoption": _("Adoption"),
    "implementation": _("Implementation"),
    "maintenance": _("Maintenance"),
}
AIMS: Final[Words] = {
    "asked": _("Talked with alone"),
    "screened": _("Screened"),
    "accepted": _("Accepted help"),
    "better": _("Reliably better"),
    "linked": _("Linked to the partner"),
    "harmed": _("With a serious event (harm)"),
    "staff_who_began": _("Staff who did any step since go-live"),
    "in_time": _("Steps done in time"),
    "reached_after_half_a_year": _("Found by aftercare at 180 or 365 days"),
    "still_linked_after_half_a_year": _("Still linked then"),
    "in_time_last_months": _("Steps done in time, last three whole months"),
}
DENOMINATORS: Final[Words] = {
    "asked": _("people with a sign"),
    "screened": _("people talked with alone"),
    "accepted": _("people screening positive"),
    "better": _("people measured twice"),
    "linked": _("people referred"),
    "harmed": _("everybody, both eras"),
    "staff_who_began": _("active staff"),
    "in_time": _("steps that were due"),
    "reached_after_half_a_year": _("people whose case ended half a year ago or earlier, both eras"),
    "still_linked_after_half_a_year": _("people found by aftercare"),
    "in_time_last_months": _("steps that were due then"),
}
DIMENSIONS_OF_PEOPLE: Final[Words] = {
    "county": _("County"),
    "language": _("Language"),
    "age_band": _("Age"),
    "gender": _("Gender"),
    "race_ethnicity": _("Race or ethnicity"),
    "payer": _("Who pays"),
    "referral_source": _("Who sent them"),
    "quarter": _("Quarter in which they came"),
}
GROUPS: Final[Words] = {
    "not_known": _("Not known"),
    "not_said": _("Not said"),
    "other": _("Others"),
    "en": _("English"),
    "es": _("Spanish"),
    "vi": _("Vietnamese"),
    "under 12": _("Under 12"),
    "55 and over": _("55 and over"),
    "woman": _("Women"),
    "man": _("Men"),
    "transgender_or_nonbinary": _("Transgender or non-binary"),
    "black": _("Black"),
    "white": _("White"),
    "hispanic": _("Hispanic"),
    "asian": _("Asian"),
    "american_indian": _("American Indian"),
    "more_than_one": _("More than one"),
    "medicaid": _("Medicaid"),
    "uninsured": _("Uninsured"),
    "private": _("Private insurance"),
    "medicare": _("Medicare"),
    "victim_compensation": _("Victim compensation"),
    "self": _("They came by themselves"),
    "hospital": _("Hospital"),
    "shelter": _("Shelter"),
    "law_enforcement": _("Law enforcement"),
    "school": _("School"),
    "family_or_friend": _("Family or friend"),
    "court": _("Court"),
    "social_services": _("Social services"),
    "crisis_line": _("Crisis line"),
}
KNOWN: Final[Words] = {
    **DIMENSIONS_OF_PEOPLE,
    "needs": _("What they need"),
    "score": _("A score"),
    "second_score": _("A second score on the same measure"),
    "rating": _("Their own rating"),
    "aftercare": _("A contact after the case"),
}
PARTS: Final[Words] = {
    "about": _("Everybody"),
    "flows": _("The way of the people"),
    "steps": _("Steps"),
    "kept": _("Steps by place, role and month"),
    "symptoms": _("Symptoms"),
    "retention": _("Staying in treatment"),
    "accuracy": _("Screening"),
    "harms": _("Harm"),
    "ratings": _("Ratings"),
    "training": _("Training"),
    "series": _("Month by month"),
    "linkage": _("Referrals"),
    "needs": _("Needs"),
    "slices": _("Groups of people"),
    "on_time": _("What if"),
    "known": _("What is on record"),
    "reaim": _("RE-AIM"),
}


def group(dimension: str, code: str) -> str:
    """What a group of people is called: counties, quarters and ages in figures stand for themselves."""
    if dimension == "quarter":
        return code.replace("-", " ")
    if dimension == "county":
        return said(GROUPS, code) if code in ("not_known", "other") else code
    return said(GROUPS, code)


def said(words: Words, code: str) -> str:
    """The words for a code; a code that is new to this page stands for itself."""
    return str(words.get(code, code.replace("_", " ")))


def length(iso: str) -> str:
    """`PT72H` as people say it."""
    try:
        seconds = int(parse_duration(iso).total_seconds())
    except DurationError:
        return iso
    if seconds == 0:
        return str(_("at once"))
    days, rest = divmod(seconds, 86_400)
    hours, minutes = rest // 3600, rest % 3600 // 60
    parts = []
    if days:
        parts.append(ngettext("%(n)d day", "%(n)d days", days) % {"n": days})
    if hours:
        parts.append(ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours})
    if minutes:
        parts.append(ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes})
    return ", ".join(parts)
