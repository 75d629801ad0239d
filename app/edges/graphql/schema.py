"""The schema as a whole, and its text.

What belongs here: which types there are, and how the schema is exported. What does not: any of them.
"""

import graphql
from graphql import lexicographic_sort_schema, print_schema
from strawberry.schema.config import StrawberryConfig

from app.edges.graphql.events import EVENT_TYPES
from app.edges.graphql.guards import GuardedSchema
from app.edges.graphql.limits import Limits
from app.edges.graphql.mutations import Mutation
from app.edges.graphql.queries import Query
from app.edges.graphql.rejections import REJECTION_TYPES
from app.edges.graphql.scalars import SCALARS
from app.edges.graphql.subscriptions import Subscription


def build_schema(limits: Limits | None = None, *, shortcuts: bool = True, introspection: bool = True) -> GuardedSchema:
    """The schema with its guards."""
    return GuardedSchema(
        Query,
        Mutation,
        Subscription,
        types=[*EVENT_TYPES, *REJECTION_TYPES],
        config=StrawberryConfig(scalar_map=dict(SCALARS)),
        limits=limits,
        shortcuts=shortcuts,
        introspection=introspection,
    )


def schema_text() -> str:
    """The schema in GraphQL's own language, sorted, as `schema.graphql` keeps it."""
    return print_schema(lexicographic_sort_schema(graphql.build_schema(build_schema().as_str()))) + "\n"
