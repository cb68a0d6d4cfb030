"""Why a message was not sent, or waits, in plain words."""

from django.utils.translation import gettext as _

from leeward.rules.contact import Why


def because(why: str) -> str:
    """What to tell the care team; empty for no reason."""
    return (
        {
            Why.NO_RULE: _("They have not said how we may reach them, or it has changed since."),
            Why.RULE_ENDED: _("What they said about reaching them has run out. Ask again."),
            Why.DO_NOT_CONTACT: _("They do not want to be contacted."),
            Why.OTHERS_ANSWER: _("Somebody else may read or answer. Only a person can do this safely."),
            Why.CODE_WORD: _("A code word comes first. Only a person can do this safely."),
            Why.NO_HOURS: _("No safe hours are written down."),
            Why.OUTSIDE_HOURS: _("It waits for their safe hours."),
            Why.NO_TRANSPORT: _("This site can’t send calls or text messages."),
            Why.WORDS: _("Its words are not neutral."),
            Why.CLOSED: _("The case is closed."),
            Why.TAKEN_BACK: _("The permission was taken back."),
            Why.ANSWERED: _("It was answered in the meantime."),
        }.get(Why(why), "")
        if why
        else ""
    )
