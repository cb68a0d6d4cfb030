"""How the steps of the protocol are kept, counted over all cases at once. The manual: docs/reference/fidelity.md."""

from .bottlenecks import Bottlenecks, Cost, bottlenecks
from .counts import MEASURES, Row, Tally, checked, count
from .errors import FidelityError
from .judged import DIMENSIONS, judge
from .run import Fidelity, fidelity, judged
from .sharing import SHARINGS, Sharing
from .tables import came_in_two_eras, open_folder, open_frames

__all__ = [
    "DIMENSIONS",
    "MEASURES",
    "SHARINGS",
    "Bottlenecks",
    "Cost",
    "Fidelity",
    "FidelityError",
    "Row",
    "Sharing",
    "Tally",
    "bottlenecks",
    "came_in_two_eras",
    "checked",
    "count",
    "fidelity",
    "judge",
    "judged",
    "open_folder",
    "open_frames",
]
