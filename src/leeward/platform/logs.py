"""What a log line may hold: one event a line, no control characters, no arguments that could carry a value."""

import logging
import unicodedata


class NoValues(logging.Filter):
    """Escapes whatever could forge or hide a line (U-03) and drops tracebacks, which quote values (U-02)."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        record.msg = "".join(
            c if unicodedata.category(c)[0] != "C" else c.encode("unicode_escape").decode() for c in text
        )[:500]
        record.args = ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True
