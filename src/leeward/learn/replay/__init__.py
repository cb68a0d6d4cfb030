"""Every step instance of every case, on the engine of one's choice; all give the same rows."""

from .engines import ENGINES, Rows, replay
from .errors import ReplayError
from .on_duckdb import instances

__all__ = ["ENGINES", "ReplayError", "Rows", "instances", "replay"]
