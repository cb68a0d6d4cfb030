"""What one chooses among before anything is computed. Apart, so that to offer the choice loads no statistics."""

from enum import StrEnum


class Kind(StrEnum):
    """What is charted: a share of a group, events by size, events by period, single measurements."""

    P = "p"
    U = "u"
    C = "c"
    XMR = "xmr"


class Family(StrEnum):
    """How the outcome of a series varies around its expectation."""

    QUASI_POISSON = "quasipoisson"
    POISSON = "poisson"
    OLS = "ols"


class Scale(StrEnum):
    """On which scale the interval of a survival curve is symmetric."""

    LOG_LOG = "log-log"
    LOG = "log"


class Limits(StrEnum):
    """How the interval of a share that is corrected for partial verification is made."""

    DELTA = "delta"
    RECOVERED = "recovered"
