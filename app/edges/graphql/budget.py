"""The budget of one operation, and the context that carries it.

What belongs here: what execution may use up, counted while it runs. What does not: limits that a document's text
decides (`walk`), the schema's own context with its loaders, which derives from `OperationContext`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Self

from graphql import GraphQLError

from app.edges.graphql.errors import limit_exceeded
from app.edges.graphql.limits import Limits


class Budget:
    """What is left to one operation, or to one event of a subscription: fields to resolve, and time."""

    __slots__ = ("_allowed", "_deadline", "_left", "_limits", "_monotonic", "exhausted")

    def __init__(self, limits: Limits, monotonic: Callable[[], float]) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._allowed = self._left = limits.resolved_fields
        self._deadline = monotonic() + limits.seconds
        self.exhausted = False

    def spend(self, fields: int) -> None:
        """Take so many fields; raises LIMIT_EXCEEDED as a GraphQL error when they, or the time, are used up."""
        self._left -= fields
        if self._left < 0:
            self.exhausted = True
            raise limit_exceeded("resolved fields", self._allowed)
        if self._monotonic() > self._deadline:
            raise self.out_of_time()

    def out_of_time(self) -> GraphQLError:
        """The error of an operation that takes too long; from now on the budget counts as exhausted."""
        self.exhausted = True
        return limit_exceeded("seconds", self._limits.seconds)

    def extend(self, fields: int) -> None:
        """Allow so many fields more, because the request asked for work that a receipt answers for: 20 an operation."""
        self._allowed += fields
        self._left += fields

    def seconds_left(self) -> float:
        """Wall time until the operation is cut off; not below 0."""
        return max(self._deadline - self._monotonic(), 0.0)

    def renewed(self) -> "Budget":
        """A full budget with the same limits, beginning now."""
        return Budget(self._limits, self._monotonic)


@dataclass(kw_only=True)
class OperationContext:
    """What every resolver finds in `info.context`; the schema's context derives from it.

    Give a deriving dataclass its DataLoaders as fields with `init=False` and a `default_factory`, or in
    `__post_init__`: `renewed` then makes new ones. It must not hold a database session.
    """

    actor: Any
    request_id: str
    budget: Budget = field(repr=False)

    def renewed(self) -> Self:
        """The context of the next operation on a socket, or of the next event: new budget, new loaders, same caller."""
        return replace(self, budget=self.budget.renewed())
