"""What a process of Leeward's has in memory (names, keys) is not written to the disk when it crashes (T5).

Python can't wipe memory. What it can do is refuse the file that a crash would leave behind.
"""

import resource


def stays_in_memory() -> None:
    """No core file of this process or of those that it starts, whatever the machine's settings are."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
