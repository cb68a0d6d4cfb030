"""What may happen to results: they are computed anew."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction

from leeward import catalogue, definitions
from leeward.evidence.suppression import Count
from leeward.people import pathway
from leeward.people.errors import NoSuchVersion
from leeward.people.models import Agency
from leeward.rules.protocol import Protocol, parse

from . import versions
from .extract import REPORTER, extract
from .models import ResultsSnapshot
from .results import Results, ResultsData, ResultsError, ResultsSettings, as_json, compute


def results_of(data: ResultsData, now: datetime, chosen: ResultsSettings | None = None, protocol: str = "") -> Results:
    """Results by the definitions in force. Raises ResultsError, UnknownDefinition or DefinitionError."""
    name = protocol or settings.LEEWARD_PROTOCOL
    text = definitions.read("protocol", name)
    force = parse(text, name=f"{name}.yaml", schema=definitions.schema("protocol"))
    return _computed(data, now, chosen or ResultsSettings(zone=settings.TIME_ZONE), force, text)


def _computed(
    data: ResultsData,
    now: datetime,
    chosen: ResultsSettings,
    force: Protocol,
    text: str,
    others: Mapping[str, Protocol] | None = None,
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
    )


def compute_snapshot(
    *, agency: Agency, now: datetime, extract_as: str = REPORTER, save_as: str = "default"
) -> ResultsSnapshot:
    """Compute an agency's results as of now and keep them. Raises ResultsError while nobody has come yet.

    The extract is read by the reporter, which sees no names; the web role keeps what was cleared. Each person's steps
    are judged by the version of the protocol that the person follows.
    """
    name = settings.LEEWARD_PROTOCOL
    data = extract(agency, now=now, using=extract_as)
    force = pathway.in_force(agency.pk, name)
    others = _followed(agency, name, set(data.clients["protocol_version"]))
    text = versions.text_of(agency.pk, name, force.version)
    results = _computed(data, now, ResultsSettings(zone=settings.TIME_ZONE), force, text, others)
    people = results.about.people
    snapshot = ResultsSnapshot(
        agency_id=agency.pk,
        computed_at=now,
        data_cut=results.about.data_cut,
        n_clients=people.value if isinstance(people, Count) else None,
        protocol_version=results.about.protocol_version,
        document=as_json(results),
    )
    with transaction.atomic(using=save_as):
        snapshot.save(using=save_as, force_insert=True)
    return snapshot


def _followed(agency: Agency, name: str, wanted: set[str]) -> dict[str, Protocol]:
    """The versions that somebody follows. Raises ResultsError for a lost one: no other takes its place in silence."""
    try:
        return {version: pathway.version(agency.pk, name, version) for version in wanted if version}
    except NoSuchVersion as error:
        raise ResultsError(str(error), hint=error.hint) from error
