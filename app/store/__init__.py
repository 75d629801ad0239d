"""Remembers: the only SQL, as plain synchronous functions over a SQLAlchemy `Connection`.

What belongs here: tables, engines, transactions, bytes. What does not: what anything means (`domain`), when it runs
(`services`).
"""
