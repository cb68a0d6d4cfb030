"""What may happen to results: they are computed anew, beside what was let out before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from leeward import catalogue, definitions
from leeward.evidence.releases import Beside
from leeward.evidence.suppression import Count
from leeward.people import pathway
from leeward.people.errors import NoSuchVersion
from leeward.people.models import Agency
from leeward.rules.protocol import Protocol, parse

from . import register, versions
from .extract import REPORTER, extract
from .models import ResultsSnapshot
from .results import Results, ResultsData, ResultsError, ResultsSettings, as_json, compute


def results_of(
    data: ResultsData,
    now: datetime,
    chosen: ResultsSettings | None = None,
    protocol: str = "",
    beside: Beside | None = None,
) -> Results:
    """Results by the definitions in force, cleared beside what was let out before.

    Raises ResultsError, UnknownDefinition or DefinitionError, TooMuchIsOut if nothing more can be let out.
    """
    name = protocol or settings.LEEWARD_PROTOCOL
    text = definitions.read("protocol", name)
    force = parse(text, name=f"{name}.yaml", schema=definitions.schema("protocol"))
    return _computed(data, now, chosen or ResultsSettings(zone=settings.TIME_ZONE), force, text, beside=beside)


def _computed(
    data: ResultsData,
    now: datetime,
    chosen: ResultsSettings,
    force: Protocol,
    text: str,
    others: Mapping[str, Protocol] | None = None,
    *,
    beside: Beside | None,
) -> Results:
    return compute(
        data,
        force,
        {measure: catalogue.instrument(measure) for measure in catalogue.measure_names()},
        catalogue.competence(),
        now,
        chosen,
        digest=hashlib.sha256(text.encode("utf-8")).hexdigest(),
        others=others,
        beside=beside,
    )


def compute_snapshot(*, agency: Agency, now: datetime, early: bool = False, save_as: str) -> ResultsSnapshot:
    """Compute an agency's results as of now, cleared beside all that were let out before, and keep them as this role.

    Raises ResultsError while nobody has come yet, TooSoon within `LEEWARD_RELEASE_DAYS` of the last results unless
    `early`, and ResultsError if what was let out before leaves no way.
    """
    with register.turn(agency.pk, now=now, early=early, save_as=save_as) as beside:
        return _snapshot(agency, now, beside, save_as)


def results_of_centre(agency: Agency, now: datetime, beside: Beside, chosen: ResultsSettings | None = None) -> Results:
    """An agency's results as of now, read by the reporter, which sees no names.

    Each person's steps are judged by the version of the protocol that the person follows. Raises ResultsError while
    nobody has come yet, TooMuchIsOut if nothing more can be let out.
    """
    name = settings.LEEWARD_PROTOCOL
    data = extract(agency, now=now)
    force = pathway.in_force(agency.pk, name, using=REPORTER)
    others = _followed(agency, name, set(data.clients["protocol_version"]))
    text = versions.text_of(agency.pk, name, force.version, using=REPORTER)
    chosen = chosen or ResultsSettings(zone=settings.TIME_ZONE)
    return _computed(data, now, chosen, force, text, others, beside=beside)


def _snapshot(agency: Agency, now: datetime, beside: Beside, save_as: str) -> ResultsSnapshot:
    results = results_of_centre(agency, now, beside)
    stored = ResultsSnapshot.objects.using(save_as).filter(agency_id=agency.pk, data_cut=results.about.data_cut)
    if beside.is_repeated and (same := stored.first()) is not None:
        return same
    people = results.about.people
    snapshot = ResultsSnapshot(
        agency_id=agency.pk,
        computed_at=now,
        data_cut=results.about.data_cut,
        n_clients=people.value if isinstance(people, Count) else None,
        protocol_version=results.about.protocol_version,
        document=as_json(results),
    )
    snapshot.save(using=save_as, force_insert=True)
    return snapshot


def _followed(agency: Agency, name: str, wanted: set[str]) -> dict[str, Protocol]:
    """The versions that somebody follows. Raises ResultsError for a lost one: no other takes its place in silence."""
    try:
        return {version: pathway.version(agency.pk, name, version, using=REPORTER) for version in wanted if version}
    except NoSuchVersion as error:
        raise ResultsError(str(error), hint=error.hint) from error
