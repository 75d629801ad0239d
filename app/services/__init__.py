"""Coordinates: when things happen, in which order, and who hears of it.

What belongs here: the one door to write, the queries, the feed, whatever runs by itself. What does not: SQL (`store`),
the meaning of a command (`domain`), any protocol (`edges`).
"""
