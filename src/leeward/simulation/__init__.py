"""A synthetic centre whose truth is known: two years, nine counties, six agencies, the protocol's go-live between.

`simulate` makes it in memory, `write_centre` as files, `chunks` piece by piece. Nobody in it exists.
"""

from .centre import Centre, Chunk, chunks, simulate
from .errors import SimulationError
from .parameters import Parameters
from .parquet import Written, write_centre
from .truth import Truth

__all__ = ["Centre", "Chunk", "Parameters", "SimulationError", "Truth", "Written", "chunks", "simulate", "write_centre"]
