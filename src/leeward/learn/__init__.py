"""Learn: what the timeline of a whole centre says, cleared of every small cell."""
