"""Which results there are to show."""

from leeward.people.models import Staff

from .models import ResultsSnapshot


def newest(asker: Staff) -> ResultsSnapshot | None:
    """The latest results of the asker's agency, if any were computed."""
    return ResultsSnapshot.objects.filter(agency_id=asker.agency_id).order_by("-computed_at").first()
