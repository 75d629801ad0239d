"""What a batch needs to know and what it changed: one query a table, whatever the number of commands.

What belongs here: loading a `State` and saving the difference of two. What does not: deciding (`domain`), when
(`services.writer`).
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection

from app.domain.state import State
from app.store import accounts, catalog


@dataclass(frozen=True, slots=True)
class Needs:
    """What the commands of a batch touch; `account_ids` are the customers whose accounts of `type_codes` they move."""

    customer_ids: Collection[str]
    account_ids: Collection[str]
    type_codes: Collection[str]
    profile_ids: Collection[str]


def load(connection: Connection, ledger: str, position: int, needs: Needs) -> State:
    """The state as far as the batch needs it; the ledger's head must be locked."""
    return State(
        position=position,
        types=catalog.types(connection, ledger, needs.type_codes),
        customers=catalog.customers(connection, ledger, needs.customer_ids),
        accounts=accounts.load(connection, ledger, needs.account_ids, needs.type_codes),
        profiles=catalog.profiles(connection, ledger, needs.profile_ids),
    )


def save(connection: Connection, ledger: str, before: State, after: State) -> None:
    """Write every row in which `after` differs from `before`."""
    touched = [each for key, each in after.accounts.items() if each is not before.accounts.get(key)]
    grants = [
        grant
        for each in touched
        for grant_id, grant in each.grants.items()
        if (known := before.accounts.get(each.key)) is None or grant is not known.grants.get(grant_id)
    ]
    accounts.save(connection, ledger, touched, grants)
    catalog.save_types(
        connection,
        ledger,
        after.position,
        [each for code, each in after.types.items() if each is not before.types.get(code)],
    )
    catalog.save_customers(
        connection, ledger, [each for key, each in after.customers.items() if each is not before.customers.get(key)]
    )
    catalog.save_profiles(
        connection,
        ledger,
        [(key, each) for key, each in after.profiles.items() if each is not before.profiles.get(key)],
    )
