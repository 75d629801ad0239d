"""What time alone does to an account (L3.4, L5.1).

What belongs here: the transitions since the last event, and an account with them folded in. What does not: writing them
(`decide` puts them before an accepted command's own events).
"""

from dataclasses import replace
from datetime import datetime

from app.domain.account import Account, Grant
from app.domain.commands import THE_LEDGER
from app.domain.events import Activated, Draft, EventKind, Expired, Stamp
from app.domain.state import State, evolve_account, record

_ORDER = {EventKind.ACTIVATED: 0, EventKind.EXPIRED: 2}


def due(account: Account, now: datetime) -> list[Draft]:
    """The transitions that time has made by `now` and nobody has written, in the order in which to write them."""
    transitions: list[tuple[datetime, int, int, Draft]] = []
    for order, grant in enumerate(account.open_grants()):
        if not grant.is_activated and grant.effective_at <= now:
            fact = Activated(grant.grant_id, grant.remaining)
            kind = _ORDER[EventKind.ACTIVATED]
            transitions.append((grant.effective_at, kind, order, _draft(account, fact, grant.effective_at)))
        if grant.expires_at is not None and grant.expires_at <= now:
            lapse = Expired(grant.grant_id, grant.remaining)
            kind = _ORDER[EventKind.EXPIRED]
            transitions.append((grant.expires_at, kind, order, _draft(account, lapse, grant.expires_at)))
    return [draft for *_, draft in sorted(transitions, key=lambda transition: transition[:3])]


def settled(account: Account, now: datetime) -> Account:
    """The account at `now`: what is due folded in, nothing recorded; `position` stays that of its last event."""
    stamp = Stamp(ledger="", command_id="", actor=THE_LEDGER, recorded_at=now)
    after = account
    for index, draft in enumerate(due(account, now)):
        state = State(position=account.position, accounts={account.key: after})
        after = evolve_account(after, record(state, draft, stamp, index))
    return replace(after, position=account.position)


def settled_grant(grant: Grant, now: datetime) -> Grant:
    """One grant at `now`, as `settled` leaves it."""
    account = Account(grant.customer_id, grant.type_code, {grant.grant_id: grant})
    return settled(account, now).grants[grant.grant_id]


def _draft(account: Account, fact: Activated | Expired, effective_at: datetime) -> Draft:
    return Draft(fact, effective_at, account.customer_id, account.type_code, is_due=True)
