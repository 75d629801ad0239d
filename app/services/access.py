"""Who calls, and what they may do.

What belongs here: turning a bearer token into a caller. What does not: where the token came from (`edges`). Keys and
scopes of many callers come with the gateway; until then one bootstrap key, or none on loopback, is an administrator's.
"""

import hmac
from dataclasses import dataclass

from app.domain.commands import Actor, ActorKind, Context

ALL_SCOPES = (
    "catalog:write",
    "customers:write",
    "ledger:backdate",
    "ledger:consume",
    "ledger:issue",
    "ledger:read",
)


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller: who acts, in which ledger, with which scopes."""

    actor: Actor
    ledger: str
    scopes: frozenset[str]

    def context(self) -> Context:
        """What the ledger needs to know of the caller."""
        return Context(self.actor, self.ledger, "api", "ledger:backdate" in self.scopes)


class Access:
    """Knows the one key that there is so far."""

    def __init__(self, bootstrap_key: str | None, ledger: str) -> None:
        self._key = bootstrap_key
        who = Actor(ActorKind.API_KEY, "bootstrap", "Bootstrap key")
        if bootstrap_key is None:
            who = Actor(ActorKind.API_KEY, "anonymous", "Anyone on this machine")
        self._caller = Caller(who, ledger, frozenset(ALL_SCOPES))

    def authenticate(self, token: str | None) -> Caller | None:
        """The caller who sends this bearer token, None where it is missing or wrong."""
        if self._key is None:
            return self._caller
        if token is None or not hmac.compare_digest(token.encode("utf-8", "surrogatepass"), self._key.encode()):
            return None
        return self._caller
