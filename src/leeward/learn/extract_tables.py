"""The tables of an extract and what their columns mean: the data dictionary that goes with every extract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyarrow as pa

_TIME: Final = pa.timestamp("us", tz="UTC")

#: Column, type, meaning. Everything else of the record stays inside.
_COLUMNS: Final[Mapping[str, tuple[tuple[str, pa.DataType, str], ...]]] = {
    "clients": (
        ("client", pa.string(), "Pseudonym of a person in this extract only; without order, the key is forgotten"),
        ("first_contact_at", _TIME, "When they were registered"),
        ("protocol_version", pa.string(), "Version of the protocol that they follow; empty: came before go-live"),
        ("site", pa.string(), "Where they come; the county stands for it"),
        ("county", pa.string(), "County where they live"),
        ("language", pa.string(), "Language they prefer: en, es, vi, other"),
        ("age_band", pa.string(), "Age at first contact, by band"),
        ("is_minor", pa.bool_(), "Under 18 at first contact"),
        ("referral_source", pa.string(), "Who sent them, as a code"),
    ),
    "events": (
        ("id", pa.string(), "Pseudonym of the person and a running number in order of time"),
        ("client", pa.string(), "Whom it is about"),
        ("kind", pa.string(), "What happened, of the closed vocabulary of the timeline"),
        ("occurred_at", _TIME, "When it happened"),
        ("recorded_at", _TIME, "When it was written down"),
        ("actor", pa.string(), "Pseudonym of the member of staff"),
        ("actor_role", pa.string(), "Role in which they acted"),
        ("subject", pa.string(), "Pseudonym of what it is about, such as one referral"),
        (
            "data",
            pa.string(),
            "JSON: codes, numbers, yes and no, as `events` below says for each kind; no free text. An age is the first "
            "year of its band; an agency (to, recipient) is its pseudonym",
        ),
        ("supersedes", pa.string(), "The event that this one corrects"),
    ),
    "scores": (
        ("client", pa.string(), "Whose score"),
        ("instrument", pa.string(), "Measure"),
        ("taken_at", _TIME, "When it was answered"),
        ("total", pa.int64(), "Points; corrected scores and those without a total are left out"),
    ),
    "staff": (
        ("staff", pa.string(), "Pseudonym of a member of staff"),
        ("role", pa.string(), "Role"),
        ("is_active", pa.bool_(), "Whether they still work here"),
        ("trained_on", pa.date32(), "Day of a completed course; empty: none"),
        ("course", pa.string(), "Which course"),
    ),
    "agencies": (
        ("agency", pa.string(), "Pseudonym of an agency"),
        ("kind", pa.string(), "Kind of agency"),
    ),
}
SCHEMAS: Final[Mapping[str, pa.Schema]] = {
    name: pa.schema([(column, kind) for column, kind, _meaning in columns]) for name, columns in _COLUMNS.items()
}
DICTIONARY: Final = {
    "what": "A pseudonymised extract for the evaluation of one centre. It is about single people: it stays inside.",
    "not_in_it": "Names, codes, addresses, free text, ids of the database, single years of age, who declined research.",
    "tables": {
        name: {column: {"type": str(kind), "means": meaning} for column, kind, meaning in columns}
        for name, columns in _COLUMNS.items()
    },
}
