"""The outbox: the only way by which anything leaves the building about a person.

A message is a row, queued in the transaction of the act that it tells of. The job worker sends it, and decides anew at
that moment: is the permission still there, how may the person be reached, is the case open.
"""
