"""What may happen to results: they are computed anew."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.conf import settings
from django.db import transaction

from leeward import catalogue, definitions
from leeward.evidence.suppression import Count
from leeward.people.models import Agency
from leeward.rules.protocol import parse

from .extract import REPORTER, extract
from .models import ResultsSnapshot
from .results import Results, ResultsData, ResultsSettings, as_json, compute


def results_of(data: ResultsData, now: datetime, chosen: ResultsSettings | None = None, protocol: str = "") -> Results:
    """Results by the definitions in force. Raises ResultsError, UnknownDefinition or DefinitionError."""
    name = protocol or settings.LEEWARD_PROTOCOL
    text = definitions.read("protocol", name)
    return compute(
        data,
        parse(text, name=f"{name}.yaml", schema=definitions.schema("protocol")),
        {measure: catalogue.instrument(measure) for measure in catalogue.measure_names()},
        catalogue.competence(),
        now,
        chosen or ResultsSettings(),
        digest=hashlib.sha256(text.encode("utf-8")).hexdigest(),
    )


def compute_snapshot(
    *, agency: Agency, now: datetime, extract_as: str = REPORTER, save_as: str = "default"
) -> ResultsSnapshot:
    """Compute an agency's results as of now and keep them. Raises ResultsError while nobody has come yet.

    The extract is read by the reporter, which sees no names; the web role keeps what was cleared.
    """
    results = results_of(extract(agency, now=now, using=extract_as), now)
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
