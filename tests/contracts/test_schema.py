"""The schema that clients rely on: exported without drift, described throughout, and all of the contract in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    print_type,
)
from graphql.utilities import find_breaking_changes

from app.edges.graphql.schema import schema_text

EXPORTED = Path(__file__).parents[2] / "schema.graphql"
CONTRACT = Path(__file__).with_name("contract.graphql")

# What the contract says in comments: connections follow the GraphQL Cursor Connections Specification.
CONNECTIONS = "".join(
    f"""
    type {node}Connection {{ edges: [{node}Edge!]! nodes: [{node}!]! pageInfo: PageInfo! }}
    type {node}Edge {{ cursor: Cursor! node: {node}! }}
    """
    for node in ("Customer", "EntitlementType", "Grant", "LedgerEvent")
)
PAGE_INFO = "type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: Cursor endCursor: Cursor }"
REJECTIONS = {
    "InvalidInput": set(),
    "NotFound": set(),
    "NotAllowed": set(),
    "InsufficientBalance": {"available", "missing", "unusable", "held", "pending", "nextActivationAt"},
    "LimitReached": {"limit", "remaining"},
    "IdempotencyConflict": {"firstEvent"},
    "BatchRefused": {"index", "cause"},
    "Overloaded": {"retryAfterMs"},
    "OutcomeUnknown": set(),
}
COMMON_MEMBERS = {
    "idempotencyKey": "String!",
    "reason": "String",
    "note": "String",
    "customerNote": "String",
    "correlationId": "String",
    "causationId": "String",
    "metadata": "JSON",
}
# Names that clients will meet with the issue that builds what they stand for.
NOT_YET = {"VersionMismatch", "HoldEnded", "Hold"}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(schema_text())


@pytest.fixture(scope="module")
def contract() -> GraphQLSchema:
    return build_schema(CONTRACT.read_text() + CONNECTIONS + PAGE_INFO)


def test_the_exported_schema_is_that_of_the_code() -> None:
    assert EXPORTED.read_text() == schema_text(), "run `entitlement-ledger schema --output schema.graphql`"


def test_everything_is_described(schema: GraphQLSchema) -> None:
    assert sorted(bare(schema)) == []


def test_nothing_of_the_contract_is_missing_or_differs(schema: GraphQLSchema, contract: GraphQLSchema) -> None:
    changes = [f"{change.type.name}: {change.description}" for change in find_breaking_changes(contract, schema)]
    # The common members of every input stand in a comment of the contract.
    assert [change for change in changes if not change.endswith(".idempotencyKey was added.")] == []


def test_what_is_nullable_in_the_contract_is_nullable(schema: GraphQLSchema, contract: GraphQLSchema) -> None:
    """A field that never is null is no breaking change, but a mutation's has to be nullable."""
    differing = [
        f"{name}.{field}: {theirs.type} is {ours.type}"
        for name, type_ in contract.type_map.items()
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__")
        for field, theirs in type_.fields.items()
        for ours in [schema.type_map[name].fields[field]]  # type: ignore[attr-defined]
        if str(theirs.type) != str(ours.type)
    ]
    assert differing == []


def test_enums_hold_exactly_what_the_contract_says(schema: GraphQLSchema, contract: GraphQLSchema) -> None:
    for name, type_ in contract.type_map.items():
        if isinstance(type_, GraphQLEnumType) and not name.startswith("__"):
            ours = schema.type_map[name]
            assert isinstance(ours, GraphQLEnumType)
            assert set(ours.values) == set(type_.values), name


def test_inputs_have_the_contracts_members_and_defaults(schema: GraphQLSchema, contract: GraphQLSchema) -> None:
    for name, type_ in contract.type_map.items():
        if isinstance(type_, GraphQLInputObjectType):
            ours = schema.type_map[name]
            assert isinstance(ours, GraphQLInputObjectType)
            for member, theirs in type_.fields.items():
                assert str(ours.fields[member].type) == str(theirs.type), f"{name}.{member}"
                assert defaults(ours)[member] == defaults(type_)[member], f"{name}.{member}"
            assert ours.is_one_of == type_.is_one_of


def test_every_mutations_input_has_the_common_members(schema: GraphQLSchema) -> None:
    assert schema.mutation_type
    inputs = {str(field.args["input"].type).rstrip("!") for field in schema.mutation_type.fields.values()}
    for name in inputs - {"BatchInput"}:
        type_ = schema.type_map[name]
        assert isinstance(type_, GraphQLInputObjectType)
        members = {member: str(field.type) for member, field in type_.fields.items()}
        assert members.items() >= COMMON_MEMBERS.items(), name


def test_a_revision_takes_all_of_a_definition_but_category_and_scale(schema: GraphQLSchema) -> None:
    define, revise = schema.type_map["DefineEntitlementTypeInput"], schema.type_map["ReviseEntitlementTypeInput"]
    assert isinstance(define, GraphQLInputObjectType)
    assert isinstance(revise, GraphQLInputObjectType)
    assert set(revise.fields) == set(define.fields) - {"category", "scale"}
    required = {name for name, field in revise.fields.items() if str(field.type).endswith("!")}
    assert required == {"code", "idempotencyKey"}
    assert not any(defaults(revise).values())


@pytest.mark.parametrize("name", REJECTIONS)
def test_refusals_have_types_of_their_own(schema: GraphQLSchema, name: str) -> None:
    type_ = schema.type_map[name]
    assert isinstance(type_, GraphQLObjectType)
    assert [interface.name for interface in type_.interfaces] == ["Rejection"]
    assert set(type_.fields) == {"code", "message", "field", "retryable"} | REJECTIONS[name]


def test_events_are_nodes_with_types_of_their_own(schema: GraphQLSchema) -> None:
    interface = schema.type_map["LedgerEvent"]
    assert isinstance(interface, GraphQLInterfaceType)
    concrete = {type_.name for type_ in schema.get_possible_types(interface)}
    assert concrete == {"Issued", "Activated", "Consumed", "Expired", "CustomerChanged", "TypeChanged"}
    assert [each.name for each in interface.interfaces] == ["Node"]


def test_no_name_is_there_before_what_it_stands_for(schema: GraphQLSchema) -> None:
    assert not NOT_YET & set(schema.type_map)


def bare(schema: GraphQLSchema) -> Iterator[str]:
    """The coordinates of everything that has no description."""
    for name, type_ in schema.type_map.items():
        if name.startswith("__") or name in ("Boolean", "Float", "ID", "Int", "String"):
            continue
        if not type_.description:
            yield name
        if isinstance(type_, GraphQLEnumType):
            yield from (f"{name}.{value}" for value, each in type_.values.items() if not each.description)
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            yield from (f"{name}.{field}" for field, each in type_.fields.items() if not each.description)
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for field, each in type_.fields.items():
                yield from (f"{name}.{field}({arg})" for arg, given in each.args.items() if not given.description)


def defaults(type_: GraphQLInputObjectType) -> dict[str, str | None]:
    """The defaults of an input's members as GraphQL writes them."""
    written = {}
    for line in print_type(type_).splitlines():
        name, colon, rest = line.strip().partition(": ")
        if colon and not name.startswith('"'):
            written[name] = rest.partition(" = ")[2] or None
    return written
