"""Documents: text in, a parsed, measured and validated document out, kept for the next request with the same text.

What belongs here: parsing, limits that the text alone decides, validation, the bounded cache of all three. What does
not: executing (`guards`), measuring (`walk`).
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from app.edges.graphql.errors import (
    BAD_REQUEST,
    PARSE_FAILED,
    VALIDATION_FAILED,
    limit_exceeded,
    with_code,
)
from app.edges.graphql.executor import BudgetedExecutor
from app.edges.graphql.limits import Limits
from app.edges.graphql.overlaps import comparisons
from app.edges.graphql.walk import NestedTooDeeply, Shape, Walk, size_of

_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
_COSTS_KEPT = 32
_CHARACTERS_A_TOKEN = 64
"""A kept text weighs as many tokens as take the same memory."""


@dataclass(slots=True)
class Operation:
    """One operation of a valid document, and what its cost hangs on."""

    node: OperationDefinitionNode
    cost: int
    """With the largest pages where variables decide."""
    introspects: bool
    directives: int
    executor: BudgetedExecutor | None = None
    """One that has run and can run again for another request."""
    sizes: tuple[str, ...] = ()
    """The variables that decide page sizes anywhere in the document."""
    costs: dict[tuple[int | None, ...], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """A text's verdict: the operations that it may run, or the errors that it was refused with."""

    node: DocumentNode
    operations: Mapping[str, Operation]
    errors: list[GraphQLError]
    weight: int


class Documents:
    """All documents that this server has seen lately.

    The verdict on a text is kept whatever it is. Only the cost of an operation whose page sizes are variables is looked
    at again for each request, and kept for the sizes seen last.
    """

    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._weight = 0

    def of(self, text: str) -> Document:
        """The document of a text: parsed, measured, validated."""
        document = self._kept.get(text)
        if document is not None:
            self._kept.move_to_end(text)
            return document
        size = len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))
        if size > self._limits.text_bytes:
            return _refused([limit_exceeded("query text bytes", self._limits.text_bytes, size)], 0)
        document = self._read(text)
        self._keep(text, document)
        return document

    def operation(
        self, document: Document, name: str | None, variables: Mapping[str, Any] | None
    ) -> Operation | GraphQLError:
        """The operation that a request means, unless it is unknown, ambiguous or too costly with its variables."""
        if name is not None:
            operation = document.operations.get(name)
            if operation is None:
                return GraphQLError(f"Unknown operation named {name!r}.", extensions={"code": BAD_REQUEST})
        elif len(document.operations) == 1:
            (operation,) = document.operations.values()
        else:
            message = "Must provide operation name if query contains multiple operations."
            return GraphQLError(
                message if document.operations else "Must provide an operation.", extensions={"code": BAD_REQUEST}
            )
        if operation.cost > self._limits.cost:
            cost = self._cost(document, operation, variables or {}) if operation.sizes else operation.cost
            if cost > self._limits.cost:
                return limit_exceeded("cost", self._limits.cost, cost, [operation.node])
        return operation

    def _cost(self, document: Document, operation: Operation, variables: Mapping[str, Any]) -> int:
        absent = -1  # a variable that is not given takes its default, which is not the same as null
        key = tuple(size_of(variables[name], self._limits) if name in variables else absent for name in operation.sizes)
        cost = operation.costs.get(key)
        if cost is None:
            if len(operation.costs) >= _COSTS_KEPT:
                operation.costs.clear()
            walk = Walk(self._schema, document.node, self._limits, variables)
            cost = operation.costs[key] = walk.operation(operation.node).cost
        return cost

    def _read(self, text: str) -> Document:
        try:
            node = parse(text, max_tokens=self._limits.tokens)
        except GraphQLSyntaxError as error:
            if error.message.startswith("Syntax Error: Document contains more than"):
                return _refused([limit_exceeded("tokens", self._limits.tokens)], self._limits.tokens)
            return _refused(with_code([error], PARSE_FAILED), self._limits.tokens)
        weight = len(text) // _CHARACTERS_A_TOKEN + (node.token_count or 0)
        try:
            operations, errors = self._measure(node)
        except NestedTooDeeply:
            return _refused([limit_exceeded("depth", self._limits.depth)], weight)
        if not errors:
            found = validate(self._schema, node, _RULES, hide_suggestions=not self._limits.suggestions)
            errors = with_code(found, VALIDATION_FAILED)
        return _refused(errors, weight) if errors else Document(node, operations, [], weight)

    def _measure(self, node: DocumentNode) -> tuple[dict[str, Operation], list[GraphQLError]]:
        """The operations and the first limit that a definition is over; raises NestedTooDeeply."""
        walk = Walk(self._schema, node, self._limits)
        operations: dict[str, Operation] = {}
        errors: list[GraphQLError] = []
        for definition in node.definitions:
            if isinstance(definition, FragmentDefinitionNode):
                errors = self._over(walk.fragment(definition.name.value), 0, definition)
            elif isinstance(definition, OperationDefinitionNode):
                shape, roots = walk.operation(definition), walk.roots(definition)
                mutates = definition.operation is OperationType.MUTATION
                errors = self._over(shape, roots.fields if mutates else 0, definition)
                errors = errors or self._overlapping(definition, walk)
                name = definition.name.value if definition.name else ""
                operations[name] = Operation(definition, shape.cost, roots.introspects, shape.directives)
            if errors:
                return {}, errors
        for operation in operations.values():
            operation.sizes = tuple(sorted(walk.sizes_asked))
        return operations, []

    def _over(
        self, shape: Shape, roots: int, node: OperationDefinitionNode | FragmentDefinitionNode
    ) -> list[GraphQLError]:
        limits = self._limits
        checks = (
            ("depth", limits.depth, shape.depth),
            ("fields", limits.fields, shape.fields),
            ("aliases", limits.aliases, shape.aliases),
            ("directives", limits.directives, shape.directives),
            ("root mutations", limits.root_mutations, roots),
        )
        return [limit_exceeded(name, allowed, found, [node]) for name, allowed, found in checks if found > allowed]

    def _overlapping(self, operation: OperationDefinitionNode, walk: Walk) -> list[GraphQLError]:
        allowed = self._limits.comparisons
        found = comparisons(operation, walk.fragments, allowed)
        return [limit_exceeded("comparisons", allowed, found, [operation])] if found > allowed else []

    def _keep(self, text: str, document: Document) -> None:
        self._kept[text] = document
        self._weight += document.weight
        while len(self._kept) > self._limits.cached_documents or self._weight > self._limits.cached_tokens:
            _, dropped = self._kept.popitem(last=False)
            self._weight -= dropped.weight


def _refused(errors: list[GraphQLError], weight: int) -> Document:
    return Document(DocumentNode(definitions=()), {}, errors, weight)
