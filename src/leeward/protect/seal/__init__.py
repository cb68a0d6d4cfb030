"""The seal on the audit record: what was written can't be changed, taken out or put in without being found.

Records are sealed in order, in batches: each a Merkle tree whose root, chained to the batch before it, is signed.
Every seal leaves a signed checkpoint in places outside the database. `verify` needs neither Django nor a database.
"""
