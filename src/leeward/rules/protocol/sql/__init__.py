"""The protocol over all cases at once: the definition compiled to SQL for DuckDB, PostgreSQL and Spark."""

from .dialects import Engine, render
from .replay import ROW, Script, replay

__all__ = ["ROW", "Engine", "Script", "render", "replay"]
