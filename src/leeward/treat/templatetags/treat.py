"""Words of a definition in the reader's language."""

from django import template

from leeward.rules.wording import Text

from ..queries import in_words

register = template.Library()


@register.filter
def said(text: Text | None) -> str:
    """`{{ band|said }}`; nothing for nothing."""
    return in_words(text) if text else ""
