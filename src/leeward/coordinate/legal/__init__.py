"""Legal requests: anybody here hands them in, the privacy officer alone answers, with the least or nothing."""
