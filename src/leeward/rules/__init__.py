"""The meaning of the rules: protocol, consent, instruments, competence. Pure: no Django, no reading of files."""
