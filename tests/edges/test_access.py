"""Who may ask what: keys, scopes, and what a caller without them sees."""

import inspect
from dataclasses import replace
from typing import Any

import pytest

from app.domain.commands import Actor, ActorKind
from app.edges.graphql.fields import scopes_of
from app.edges.graphql.mutations import Mutation
from app.edges.graphql.queries import Query
from app.edges.graphql.subscriptions import Subscription
from app.services.access import ALL_SCOPES, Access, Caller
from tests.edges.room import DOCUMENTS, codes, open_room

KEY = "an-operators-own-key"


def fields(root: Any) -> dict[str, Any]:
    return {field.name: field for field in root.__strawberry_definition__.fields}


@pytest.mark.parametrize("root", [Query, Mutation, Subscription])
def test_every_field_at_a_root_names_the_scopes_that_it_needs(root: Any) -> None:
    for name, field in fields(root).items():
        scopes = scopes_of(field.base_resolver.wrapped_func)
        assert scopes, name
        assert set(scopes) <= set(ALL_SCOPES), name


async def test_with_a_key_everybody_must_carry_it(sqlite_url: str) -> None:
    async with open_room(sqlite_url, bootstrap_key=KEY) as room:
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {KEY}"}):
            response = await room.http.post("/graphql", json={"query": "{ viewer { ledger } }"}, headers=headers)
            assert (response.status_code, codes(response.json())) == (401, ["UNAUTHENTICATED"])
        room.http.headers["authorization"] = f"Bearer {KEY}"
        viewer = (await room.data("{ viewer { actor { kind id } scopes } }"))["viewer"]
        assert viewer == {"actor": {"kind": "API_KEY", "id": "bootstrap"}, "scopes": sorted(ALL_SCOPES)}


async def test_without_a_key_only_this_machines_own_names_are_answered(sqlite_url: str) -> None:
    """A page elsewhere that gives its own name this machine's address is of the same origin to a browser."""
    asked = {"query": "{ viewer { ledger } }"}
    async with open_room(sqlite_url, allowed_origins=("https://shop.example",)) as room:
        for host in ("127.0.0.1:8000", "localhost", "[::1]:8000", "shop.example"):
            assert (await room.http.post("/graphql", json=asked, headers={"host": host})).status_code == 200
        for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", ""):
            assert (await room.http.post("/graphql", json=asked, headers={"host": host})).status_code == 400
    async with open_room(sqlite_url, bootstrap_key=KEY) as room:
        room.http.headers["authorization"] = f"Bearer {KEY}"
        assert (await room.http.post("/graphql", json=asked, headers={"host": "any.example"})).status_code == 200


async def test_without_its_scopes_a_field_is_forbidden_and_nothing_is_written(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Caller(Actor(ActorKind.API_KEY, "reader"), "main", frozenset({"ledger:read"}))
    async with open_room(sqlite_url) as room:
        await room.define()
        monkeypatch.setattr(Access, "authenticate", lambda *_: reader)
        issue = {"idempotencyKey": "k", "customerId": "ada", "typeCode": "POINTS", "amount": "1"}
        answer = await room.ask(DOCUMENTS["issue"], input=issue)
        assert (codes(answer), answer["data"]) == (["FORBIDDEN"], {"issue": None})
        assert await room.head() == 1
        monkeypatch.setattr(Access, "authenticate", lambda *_: replace(reader, scopes=frozenset({"ledger:issue"})))
        answer = await room.ask(DOCUMENTS["batch"], input={"idempotencyKey": "b", "operations": [{"issue": issue}]})
        assert codes(answer) == ["FORBIDDEN"]
        assert codes(await room.ask("{ ledger { head } }")) == ["FORBIDDEN"]
        assert codes(await room.ask("{ nodes(ids: []) { id } }")) == ["FORBIDDEN"]


async def test_back_dating_needs_its_own_scope(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_room(sqlite_url) as room:
        await room.define()
        caller = Caller(Actor(ActorKind.API_KEY, "issuer"), "main", frozenset(ALL_SCOPES) - {"ledger:backdate"})
        monkeypatch.setattr(Access, "authenticate", lambda *_: caller)
        given = {"customerId": "ada", "typeCode": "POINTS", "amount": "1", "effectiveAt": "2026-01-01T00:00:00Z"}
        (refusal,) = (await room.do("issue", **given))["errors"]
        assert (refusal["code"], refusal["field"]) == ("BACKDATE_NOT_ALLOWED", ["effectiveAt"])


def test_a_guarded_resolver_stays_what_it_was() -> None:
    resolve = fields(Query)["balance"].base_resolver.wrapped_func
    assert inspect.iscoroutinefunction(resolve)
