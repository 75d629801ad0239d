"""One linear walk over a document: how deep, wide and costly each operation is.

What belongs here: measuring, through fragments, each fragment once. What does not: what is allowed (`limits`), parsing
and caching (`documents`), work that only execution can see (`budget`).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_list_type,
    is_non_null_type,
)

from app.edges.graphql.limits import Limits

_NESTING_MAX = 64
"""Braces and spreads within one another: more than any document has that keeps the limit of depth."""


_DIGITS_MAX = 10
"""Longer numbers need not be read to be known as more than a page."""


class Shape(NamedTuple):
    """What an operation or a fragment holds, fragments expanded; `cost` is in fields answered."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    cost: int = 0

    def beside(self, other: "Shape") -> "Shape":
        """Both in one selection set."""
        return Shape(
            max(self.depth, other.depth),
            self.fields + other.fields,
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.cost + other.cost,
        )


class Roots(NamedTuple):
    """What stands at an operation's root, fragments expanded."""

    fields: int = 0
    introspects: bool = False


class NestedTooDeeply(Exception):
    """The document nests beyond what could keep the limit of depth."""


class Walk:
    """The measures of one document; `variables` decide page sizes, without them the largest page is assumed.

    `sizes_asked` holds the names of the variables that the walk has asked for a size.
    """

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, limits: Limits, variables: Mapping[str, Any] | None = None
    ) -> None:
        self.sizes_asked: set[str] = set()
        self._schema = schema
        self._limits = limits
        self._variables = variables
        self._defaults: dict[str, ValueNode | None] = {}
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._measured: dict[str, Shape] = {}
        self._rooted: dict[str, Roots] = {}

    def operation(self, node: OperationDefinitionNode) -> Shape:
        """The shape of an operation; raises NestedTooDeeply."""
        variables = node.variable_definitions or ()
        self._defaults = {variable.variable.name.value: variable.default_value for variable in variables}
        directives = len(node.directives or ()) + sum(len(variable.directives or ()) for variable in variables)
        own = Shape(directives=directives)
        return own.beside(self._selections(node.selection_set, self._schema.get_root_type(node.operation), 0))

    def fragment(self, name: str) -> Shape:
        """The shape of a fragment, whether or not it is spread anywhere; raises NestedTooDeeply."""
        return self._fragment(name, 0)

    def roots(self, node: OperationDefinitionNode) -> Roots:
        """What the operation has at its root, through fragments."""
        return self._roots(node.selection_set)

    def _roots(self, selections: SelectionSetNode) -> Roots:
        fields, introspects = 0, False
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                found = Roots(1, selection.name.value in ("__schema", "__type"))
            elif isinstance(selection, InlineFragmentNode):
                found = self._roots(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                found = self._rooted_fragment(selection.name.value)
            fields, introspects = fields + found.fields, introspects or found.introspects
        return Roots(fields, introspects)

    def _rooted_fragment(self, name: str) -> Roots:
        if name not in self._rooted:
            self._rooted[name] = Roots()  # stands for itself while it is being counted: a cycle adds nothing
            fragment = self.fragments.get(name)
            self._rooted[name] = self._roots(fragment.selection_set) if fragment else Roots()
        return self._rooted[name]

    def _selections(self, selections: SelectionSetNode | None, parent: GraphQLNamedType | None, nesting: int) -> Shape:
        if nesting > _NESTING_MAX:
            raise NestedTooDeeply
        total = Shape()
        for selection in selections.selections if selections else ():
            directives = len(selection.directives or ())
            if isinstance(selection, FieldNode):
                shape = self._field(selection, parent, nesting)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                inner = self._schema.get_type(condition.name.value) if condition else parent
                shape = self._selections(selection.selection_set, inner, nesting + 1)
            elif isinstance(selection, FragmentSpreadNode):
                shape = self._fragment(selection.name.value, nesting + 1)
            total = total.beside(shape)
            if directives:
                total = total.beside(Shape(directives=directives))
        return total

    def _fragment(self, name: str, nesting: int) -> Shape:
        fragment = self.fragments.get(name)
        if fragment is None:
            return Shape()
        if name not in self._measured:
            self._measured[name] = Shape()  # stands for itself while it is being measured: a cycle adds nothing
            on = self._schema.get_type(fragment.type_condition.name.value)
            own = Shape(directives=len(fragment.directives or ()))
            self._measured[name] = own.beside(self._selections(fragment.selection_set, on, nesting))
        return self._measured[name]

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None, nesting: int) -> Shape:
        aliases = 1 if node.alias else 0
        if node.selection_set is None:
            return Shape(1, 1, aliases, 0, 1)
        definition = getattr(parent, "fields", {}).get(node.name.value) if parent else None
        child = get_named_type(definition.type) if definition else None
        inner = self._selections(node.selection_set, child, nesting + 1)
        size = self._size(node, definition, parent) if definition and parent else 1
        return Shape(
            1 + inner.depth, 1 + inner.fields, aliases + inner.aliases, inner.directives, 1 + size * inner.cost
        )

    def _size(self, node: FieldNode, definition: GraphQLField, parent: GraphQLNamedType) -> int:
        """How many objects the field may answer with."""
        if parent.name.startswith("__") or parent.name.endswith("Connection"):
            return 1  # introspection grows with the schema only; a connection's size was counted where it was asked for
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        if "first" in definition.args:
            asked = [self._page(given[name]) for name in ("first", "last") if name in given]
            return max((size for size in asked if size is not None), default=self._page_default(definition))
        type_ = definition.type.of_type if is_non_null_type(definition.type) else definition.type
        if not is_list_type(type_):
            return 1
        known = self._limits.list_sizes.get(f"{parent.name}.{node.name.value}")
        if known is not None:
            return known
        for name, argument in definition.args.items():
            inner = argument.type.of_type if isinstance(argument.type, GraphQLNonNull) else argument.type
            if is_list_type(inner) and name in given:
                return self._page(given[name]) or 0
        return self._limits.list_size

    def _page_default(self, definition: GraphQLField) -> int:
        default = definition.args["first"].default_value
        return default if isinstance(default, int) else self._limits.page_size

    def _page(self, value: ValueNode | None) -> int | None:
        """The size that an argument asks for, at most the largest page; None where it is null or absent."""
        size: Any = None
        if isinstance(value, VariableNode):
            name = value.name.value
            self.sizes_asked.add(name)
            if self._variables is None:
                return self._limits.page_size_max
            if name not in self._variables:
                return self._page(self._defaults.get(name))
            size = self._variables[name]
        elif isinstance(value, IntValueNode):
            size = int(value.value) if len(value.value) < _DIGITS_MAX else self._limits.page_size_max
        elif isinstance(value, ListValueNode):
            size = len(value.values)
        return size_of(size, self._limits)


def size_of(value: object, limits: Limits) -> int | None:
    """What a variable's value means for a page: a number, a list's length; anything else counts as the largest page."""
    if value is None:
        return None
    size = value if isinstance(value, int) else len(value) if isinstance(value, list) else limits.page_size_max
    return min(max(size, 0), limits.page_size_max)
