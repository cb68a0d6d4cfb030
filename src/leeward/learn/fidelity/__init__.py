"""How the steps of the protocol are kept, counted over all cases at once. The manual: docs/reference/fidelity.md."""

from .bottlenecks import Bottlenecks, Cost, Losses, bottlenecks, losses
from .counts import MEASURES, Row, Tally, checked, count, nothing
from .errors import FidelityError
from .judged import DIMENSIONS
from .run import Fidelity, Following, fidelity, judged
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
    "Following",
    "Losses",
    "Row",
    "Sharing",
    "Tally",
    "bottlenecks",
    "came_in_two_eras",
    "checked",
    "count",
    "fidelity",
    "judged",
    "losses",
    "nothing",
    "open_folder",
    "open_frames",
]
