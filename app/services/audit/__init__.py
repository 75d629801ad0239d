"""Audit: whether everything that is stored still says what the events say (L13.7).

What belongs here: passes over the tables in bounded steps, and the job that makes them by itself. What does not:
statements (`store.scans`), what an event means (`domain.state`).
"""

from app.services.audit.difference import Difference
from app.services.audit.integrity import Integrity, IntegrityReport, IntegrityState
from app.services.audit.verification import Phase, Verification, verify

__all__ = ["Difference", "Integrity", "IntegrityReport", "IntegrityState", "Phase", "Verification", "verify"]
