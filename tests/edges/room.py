"""The whole server without a socket: a real database, every service, the ASGI app, a clock of the test's own.

What belongs here: opening it, asking it, and the documents that many tests send. What does not: what must be answered.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from starlette.applications import Starlette

from app.clock import FixedClock
from app.main import Parts, build
from app.settings import Settings

PATIENCE_SECONDS = 20
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

REFUSALS = """
  errors {
    __typename code message field retryable
    ... on InsufficientBalance { available missing unusable held pending nextActivationAt }
    ... on LimitReached { limit remaining }
    ... on IdempotencyConflict { firstEvent { id position } }
    ... on BatchRefused { index cause { __typename code message field } }
  }
"""
OPERATION = f"""
  event {{
    __typename id position kind amount delta balanceAfter
    allocations {{ amount grant {{ id remaining }} }}
  }}
  events {{ id kind }}
  balance {{ available unrestricted held pending debt total version asOf {{ position time }} }}
  grant {{ id state amount remaining expiresAt }}
  replayed {REFUSALS}
"""
DOCUMENTS = {
    "issue": f"mutation ($input: IssueInput!) {{ issue(input: $input) {{ {OPERATION} }} }}",
    "consume": f"mutation ($input: ConsumeInput!) {{ consume(input: $input) {{ {OPERATION} }} }}",
    "batch": f"mutation ($input: BatchInput!) {{ batch(input: $input) {{ "
    f"results {{ {OPERATION} }} failedIndex replayed {REFUSALS} }} }}",
    "defineEntitlementType": "mutation ($input: DefineEntitlementTypeInput!) { defineEntitlementType(input: $input) "
    "{ entitlementType { code name scale maxBalance debtLimit defaultValidity { duration until } metadata } "
    f"event {{ __typename kind }} replayed {REFUSALS} }} }}",
    "reviseEntitlementType": "mutation ($input: ReviseEntitlementTypeInput!) { reviseEntitlementType(input: $input) "
    "{ entitlementType { code name maxBalance defaultValidity { duration until } metadata } "
    f"event {{ kind }} replayed {REFUSALS} }} }}",
    "registerCustomer": "mutation ($input: RegisterCustomerInput!) { registerCustomer(input: $input) "
    "{ customer { id customerId name email metadata state } "
    f"event {{ __typename kind }} events {{ id }} replayed {REFUSALS} }} }}",
    "updateCustomer": "mutation ($input: UpdateCustomerInput!) { updateCustomer(input: $input) "
    f"{{ customer {{ name email metadata }} event {{ kind }} replayed {REFUSALS} }} }}",
}


@dataclass
class Room:
    """What a test holds in its hands."""

    app: Starlette
    http: httpx.AsyncClient
    clock: FixedClock
    keys: int = field(default=0)

    @property
    def parts(self) -> Parts:
        """What the server is made of."""
        parts: Parts = self.app.state.parts
        return parts

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The whole response to one request."""
        response = await self.http.post("/graphql", json={"query": query, "variables": variables})
        answer: dict[str, Any] = response.json()
        return answer

    async def data(self, query: str, **variables: Any) -> Any:
        """The data of a request that nothing is wrong with."""
        answer = await self.ask(query, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    async def do(self, mutation: str, **members: Any) -> Any:
        """The payload of one mutation; a key of its own where none is given."""
        given = {"idempotencyKey": self.new_key(), **members}
        return (await self.data(DOCUMENTS[mutation], input=given))[mutation]

    async def done(self, mutation: str, **members: Any) -> Any:
        """The payload of a mutation that is not refused."""
        payload = await self.do(mutation, **members)
        assert payload["errors"] == [], payload
        return payload

    async def define(self, code: str = "POINTS", **members: Any) -> Any:
        """A type with two decimals, unless told otherwise."""
        given = {"code": code, "name": code.title(), "category": "POINTS", "unit": "pt", "scale": 2, **members}
        return await self.done("defineEntitlementType", **given)

    async def issue(self, amount: str = "5", customer_id: str = "ada", code: str = "POINTS", **members: Any) -> Any:
        """An issue that is not refused."""
        return await self.done("issue", customerId=customer_id, typeCode=code, amount=amount, **members)

    async def head(self) -> int:
        """The position of the ledger's last event."""
        head: int = (await self.data("{ ledger { head } }"))["ledger"]["head"]
        return head

    async def ready(self) -> None:
        """Waits until the server says that it is ready, moving the time on for whatever it waits for."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await self.http.get("/readyz")).status_code != 200:
                self.clock.advance(seconds=1)

    def new_key(self) -> str:
        """An idempotency key that was not used yet."""
        self.keys += 1
        return f"key-{self.keys}"


@asynccontextmanager
async def open_room(url: str, **settings: Any) -> AsyncIterator[Room]:
    """A running server on the database, migrated; `settings` are those of the operator."""
    clock = FixedClock(NOON)
    app = build(Settings(database_url=url, auto_migrate=True, **settings), clock)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as http,
    ):
        yield Room(app, http, clock)


def codes(answer: dict[str, Any]) -> list[str | None]:
    """The codes of a response's GraphQL errors."""
    return [error.get("extensions", {}).get("code") for error in answer.get("errors", [])]
