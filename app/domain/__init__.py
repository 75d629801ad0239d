"""The law of the ledger as pure functions over immutable values.

What belongs here: what a command means. What does not: I/O, async, SQL, a clock, any framework.
"""
