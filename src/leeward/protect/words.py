"""What sharing a class of data shows the other side, said so that a frightened person can decide."""

from django.utils.translation import gettext as _

from .emergency import RULE
from .models import AccountRequest


def told(data_class: str) -> str:
    """What the recipient's page would show for this class."""
    return {
        "existence": _("They see that you come here."),
        "identity": _("They see your name and year of birth."),
        "contact": _("They see the safe way and the safe hours to reach you."),
        "referral": _("They see what you need from them and the message we write with you."),
        "case": _("They see what happened to you, as far as you told us."),
        "clinical": _("They see your check-in scores and sessions, not what you said in them."),
        "location": _("They see where you live or stay."),
    }.get(data_class, "")


def named(data_class: str) -> str:
    """The class as it is called to somebody who is not the person: on a partner's page, in a letter."""
    return {
        "existence": _("that the person comes here"),
        "identity": _("name and year of birth"),
        "contact": _("a safe way to reach the person"),
        "referral": _("what the person needs"),
        "case": _("what happened to the person"),
        "clinical": _("health care"),
        "location": _("where the person is"),
        "safety": _("the safety plan"),
        "sud": _("alcohol or drug treatment"),
        "psychotherapy": _("a therapist's private notes"),
    }.get(data_class, data_class)


def aim(purpose: str) -> str:
    """A purpose as it is called to somebody who is not the person."""
    return {
        "coordination": _("arranging help together"),
        "treatment": _("health care"),
        "benefits": _("money or benefits"),
        "legal": _("legal help"),
        "protection": _("the person's protection"),
    }.get(purpose, purpose)


def deed(action: str, subject: str, rule: str = "") -> str:
    """An audit record's action in plain words, such as "Read: the safety plan, in an emergency"."""
    words = _deed(action, subject)
    return _("%(what)s, in an emergency") % {"what": words} if rule == RULE else words


def part_read(action: str, rule: str = "") -> str:
    """What somebody read, in plain words, such as "the safety plan"."""
    place = action.partition(" ")[2]
    part = _part(place.partition(".")[0], place)
    return _("%(what)s, in an emergency") % {"what": part} if rule == RULE else part


def _deed(action: str, subject: str) -> str:
    verb, _space, place = action.partition(" ")
    if verb == "read":
        return _("Read: %(part)s") % {"part": part_read(action)}
    if verb == "signed-in":
        return _("Signed in")
    if (verb, place) == ("changed", "coordinate.list_key"):
        return _("Changed the key with which their agency opens files")
    if verb == "changed":
        return _("Changed how they sign in")
    if verb in {"asked", "agreed", "refused", "ended"} and place.startswith("account"):
        return _account_deed(verb, place.partition(".")[2])
    if verb == "searched":
        return _("Searched for a person")
    if verb == "refused":
        return _("Tried to open a record in an emergency; it stayed closed")
    if (verb, subject) == ("insert", "protect_breakglass"):
        return _("Opened the record in an emergency")
    if verb == "disclosed":
        return _("Shared: %(part)s") % {"part": _part(place, place)}
    table = subject.partition(" ")[0]
    if verb == "insert":
        return _("Added: %(part)s") % {"part": _part(table, table)}
    if verb == "update":
        return _("Changed: %(part)s") % {"part": _part(table, table)}
    if verb == "delete":
        return _("Replaced: %(part)s") % {"part": _part(table, table)}
    return {
        "erase": _("Erased the record"),
        "erase.confirm": _("Confirmed that the record is erased"),
        "site-key": _("Made a copy of the site key, in two halves"),
        "site-key.confirm": _("Confirmed the copy of the site key"),
        "audit-key": _("Changed the key of the record of who saw what"),
        "audit-key.confirm": _("Confirmed the new key of the record of who saw what"),
    }.get(verb, action)


def _account_deed(verb: str, kind: str) -> str:
    if verb == "ended":
        return _("Ended somebody's access")
    what = AccountRequest.Kind(kind).label if kind in AccountRequest.Kind.values else kind
    return {
        "asked": _("Asked for access: %(what)s"),
        "agreed": _("Agreed to access: %(what)s"),
        "refused": _("Refused access: %(what)s"),
    }[verb] % {"what": what}


def _part(room: str, place: str) -> str:
    exact = {
        "web.client": _("the record"),
        "web.worklist": _("the list of tasks"),
        "web.late_steps": _("the list of late steps"),
        "web.details": _("name and safe contact"),
        "web.team": _("the care team"),
        "protect.permissions": _("permissions"),
        "protect.ask": _("permissions"),
        "protect.take_back": _("permissions"),
        "support.safety_plan": _("the safety plan"),
        "support.safety_plan_print": _("the safety plan"),
        "support.messages": _("messages"),
        "learn.move_version": _("which version of the steps is followed"),
        "support.reaching": _("how to reach them"),
        "people_contactrule": _("how to reach them"),
        "protect_message": _("a message"),
        "protect_told": _("a message, passed on"),
        "protect.who_saw": _("who saw the record"),
        "protect.privacy": _("the privacy page"),
        "protect.odd_reading": _("reading to look at"),
        "people_client": _("the record"),
        "people_careteammember": _("the care team"),
        "people_event": _("what happened"),
        "people_identityfield": _("name and safe contact"),
        "people_vaultkey": _("the key of the record"),
        "people_blindindex": _("the search index"),
        "people_partnercode": _("a code for a partner"),
        "treat.my_notes": _("the page of private notes"),
        "treat_privatenote": _("a private note of their own"),
        "treat_notekey": _("a key of private notes"),
        "treat_noteshare": _("half of a key of private notes"),
        "treat_noterelease": _("that private notes be released"),
        "treat_notereleasedone": _("that the release of private notes is confirmed"),
        "protect.hidden": _("who can find the record"),
        "web.emergency_review": _("what was opened in an emergency"),
        "protect_breakglassend": _("the end of an emergency"),
        "protect_breakglassreview": _("the review of an emergency"),
        "protect_breakglasstext": _("why a record was opened in an emergency"),
        "protect_concealment": _("that the record is hidden"),
        "protect_concealmentlift": _("that the record is shown again"),
        "protect.around": _("the people around them"),
        # The same words for all, so that nobody who reads along learns that somebody is under suspicion (G-02).
        "protect_knownperson": _("the people around them"),
        "protect_controllerflag": _("the people around them"),
        "protect_controllerflaglift": _("the people around them"),
        "protect_controllerflagliftdecision": _("the people around them"),
        "protect_representation": _("the people around them"),
        "protect_representationdecision": _("the people around them"),
        "protect_representationend": _("the people around them"),
        "protect_consenttalk": _("a talk about sharing"),
        "protect_grant": _("a permission"),
        "protect_withdrawal": _("a permission, taken back"),
        "protect_disclosure": _("the list of what was shared"),
        "identify_observation": _("signs noticed"),
        "identify_screening": _("the safety talk"),
        "treat_measure": _("a check-in"),
        "support_safetyplan": _("the safety plan"),
        "coordinate_referral": _("a referral"),
        "coordinate_legalmatch": _("a legal request about this person"),
        "coordinate_legalnotice": _("that the person must be told"),
        "protect_suspension": _("an official's statement"),
        "protect_hold": _("a legal hold"),
        "protect_shared": _("what was shared"),
        "protect.shared": _("what was shared"),
        "protect.disclosures": _("the list of what was shared"),
        "legal.hold": _("a legal hold"),
        "legal.told": _("what a legal request took"),
    }
    rooms = {
        "identify": _("the first talks"),
        "treat": _("check-ins and treatment"),
        "support": _("safety plan and needs"),
        "coordinate": _("referrals"),
        "legal": _("a legal request"),
        "referral": _("a referral"),
        "protect": _("permissions"),
        "web": _("the record"),
    }
    return exact.get(place) or rooms.get(room) or rooms.get(place.partition("_")[0]) or place
