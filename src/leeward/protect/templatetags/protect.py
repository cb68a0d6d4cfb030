"""The audit record in plain words."""

from django import template

from leeward.protect.models import AuditRecord
from leeward.protect.words import deed as words_of

register = template.Library()


@register.filter
def deed(record: AuditRecord) -> str:
    """What somebody did, as a survivor would say it."""
    return words_of(record.action, record.subject, record.rule)
