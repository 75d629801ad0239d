"""The schema's history (Alembic).

What belongs here: one revision a change, only adding columns to `event`. What does not: batch mode, which drops
triggers silently.
"""
