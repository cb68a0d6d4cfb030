"""How the steps of the protocol are kept, counted over all cases at once. The manual: docs/reference/fidelity.md."""

from .counts import MEASURES, Row, Tally, checked, count
from .errors import FidelityError
from .judged import DIMENSIONS, judge
from .run import Fidelity, fidelity, judged
from .sharing import SHARINGS, Sharing
from .tables import open_folder, open_frames

__all__ = [
    "DIMENSIONS",
    "MEASURES",
    "SHARINGS",
    "Fidelity",
    "FidelityError",
    "Row",
    "Sharing",
    "Tally",
    "checked",
    "count",
    "fidelity",
    "judge",
    "judged",
    "open_folder",
    "open_frames",
]
