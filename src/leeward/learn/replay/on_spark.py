"""Replay on Spark: the same SQL on one machine or on a cluster. Needs the extra `spark` and Java 17 or newer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from leeward.rules.protocol import Protocol
from leeward.rules.protocol.sql import Engine, replay

from .cases import Cases
from .errors import ReplayError
from .in_python import SCHEMA

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@contextmanager
def session(master: str = "local[2]") -> Iterator[SparkSession]:
    """A session that reads and answers in UTC. Raises ReplayError if Spark or Java is not installed."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise ReplayError("Spark is not installed.", hint="Install it with: uv sync --extra spark") from error
    if shutil.which("java") is None:
        raise ReplayError(
            "Spark needs Java.", hint="Install Java 17, on Debian: apt-get install openjdk-17-jre-headless"
        )
    built = (
        SparkSession.builder.master(master)
        .appName("replay")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "3g")
        .config("spark.sql.ui.retainedExecutions", "1")  # each keeps the text of a plan
        .config("spark.ui.retainedJobs", "1")
        .config("spark.ui.retainedStages", "1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.constraintPropagation.enabled", "false")  # long in planning, and lost in a checkpoint
        .config("spark.sql.cteRecursionRowLimit", "-1")
        .config("spark.sql.cteRecursionLevelLimit", "1000")
        .getOrCreate()
    )
    built.sparkContext.setLogLevel("ERROR")
    try:
        yield built
    finally:
        built.stop()


def table(protocol: Protocol, cases: Cases, now: datetime, *, master: str = "local[2]") -> pa.Table:
    """The rows from a session of their own."""
    with session(master) as spark:
        spark.read.parquet(str(cases.file)).createOrReplaceTempView("events")
        return run(spark, protocol, cases, now)


def run(spark: SparkSession, protocol: Protocol, cases: Cases, now: datetime) -> pa.Table:
    """The rows of the session's view `events`."""
    script = replay(protocol, now=now, first=cases.first, last=cases.last).in_words_of(Engine.SPARK)
    for name, text in script.tables:
        # A checkpoint forgets how it was made. A cached frame doesn't: each table that reads it twice doubles the plan.
        spark.sql(text).localCheckpoint().createOrReplaceTempView(name)
    return spark.sql(script.rows).toArrow().cast(SCHEMA)
