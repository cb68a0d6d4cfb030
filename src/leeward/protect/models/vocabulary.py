"""What is shared, what for, in which way it was allowed: the words that survivors choose from."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DataClass(models.TextChoices):
    EXISTENCE = "existence", _("That you come here")
    IDENTITY = "identity", _("Your name")
    CONTACT = "contact", _("A safe way to reach you")
    REFERRAL = "referral", _("What you need from them")
    CASE = "case", _("What happened to you")
    CLINICAL = "clinical", _("Your health care")
    LOCATION = "location", _("Where you are")
    SAFETY = "safety", _("Your safety plan")
    SUD = "sud", _("Alcohol or drug treatment")
    PSYCHOTHERAPY = "psychotherapy", _("Your therapist's private notes")


class Purpose(models.TextChoices):
    COORDINATION = "coordination", _("To arrange help together")
    TREATMENT = "treatment", _("For your health care")
    BENEFITS = "benefits", _("To get money or benefits")
    LEGAL = "legal", _("For legal help")
    PROTECTION = "protection", _("For your protection")


class Method(models.TextChoices):
    SIGNED = "signed", _("Signed on paper")
    SPOKEN = "spoken", _("Said out loud, with a witness")
    TABLET = "tablet", _("Marked on this screen")
