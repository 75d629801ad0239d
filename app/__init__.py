"""The Entitlement Ledger: an auditable record of everything that customers are entitled to.

What belongs here: nothing; the rooms are `domain`, `store`, `services`, `edges`, and `main` puts them together.
"""
