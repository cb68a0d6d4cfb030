"""The evidence pack: what a stranger needs to check the promises without trusting whoever hands it over (T10)."""
