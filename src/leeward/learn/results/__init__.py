"""The preliminary results: pure computation over tables. The manual: docs/reference/results.md."""

from .compute import compute
from .data import ResultsData
from .document import Results, as_json
from .errors import ResultsError
from .settings import ResultsSettings

__all__ = ["Results", "ResultsData", "ResultsError", "ResultsSettings", "as_json", "compute"]
