"""Who may reach which row: the one declaration from which every row-security policy is made.

Read a `Table` as a sentence: "of `treat_measure`, the care team may select and insert; a partner may select what a
grant of class `clinical` covers; the reporter may count". What is not declared is denied: row security is forced on
every table, and `leeward.protect.policies` refuses a table with a client that is not declared here.
"""

from . import accounts, coordination, emergency, learning, oversight, permission, record, treatment
from .declaration import NOT_BARRED, Table, Worker

__all__ = ["NOT_BARRED", "TABLES", "Table", "Worker"]

TABLES: tuple[Table, ...] = (
    *record.TABLES,
    *accounts.TABLES,
    *permission.TABLES,
    *emergency.TABLES,
    *oversight.TABLES,
    *treatment.TABLES,
    *coordination.TABLES,
    *learning.TABLES,
)
