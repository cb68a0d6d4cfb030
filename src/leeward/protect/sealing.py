"""Words that belong to no client's record, such as the papers of a legal request: sealed with the site key itself.

They turn with the site key like every wrapped key (`people.rotation`), and a row's seal opens nowhere else.
"""

import json
from collections.abc import Collection, Mapping

from django.db.models import Model

from leeward.people.errors import SealBroken
from leeward.people.keyring import keyring

from .models import SiteSealed


def binding(row: Model) -> bytes:
    """What a row's words are bound to."""
    return f"{row._meta.db_table}|{row.pk}".encode()


def seal(row: SiteSealed, words: Mapping[str, str]) -> None:
    """Put the words, sealed, into a row that is not saved yet."""
    row.site_key_version = keyring().current
    row.sealed = keyring().wrap(row.site_key_version, json.dumps(dict(words)).encode(), binding(row))


def words_of(row: SiteSealed) -> dict[str, str]:
    """The words of a row; none if they were forgotten. Raises SealBroken if it was altered or moved."""
    if not row.sealed:
        return {}
    plain = keyring().unwrap(row.site_key_version, bytes(row.sealed), binding(row))
    return {str(name): str(value) for name, value in json.loads(plain).items()}


def forget(row: SiteSealed, *, keep: Collection[str] = ()) -> None:
    """Leave of a row's words those named in `keep`; the row is not saved. What does not open is forgotten whole."""
    try:
        left = {name: value for name, value in words_of(row).items() if name in keep}
    except SealBroken:
        left = {}
    if left:
        seal(row, left)
    else:
        row.sealed = b""
