"""Leaves: which fields of a schema are plain attributes of a leaf type, and how such a value is read.

What belongs here: deciding, once a field, that nothing but an attribute is read and nothing but its type's own output
coercion happens. What does not: executing (`executor`).
"""

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLScalarType,
    is_leaf_type,
    is_non_null_type,
)
from strawberry.schema.schema_converter import CustomGraphQLEnumType, GraphQLCoreConverter
from strawberry.types.field import StrawberryField

_TYPENAME = "__typename"
_INT_MAX = 2**31

_NEVER_AWAITABLE = frozenset(
    {str, int, float, bool, bytes, list, tuple, dict, Decimal, UUID, date, datetime, time, timedelta}
)
"""What a scalar of ours may be handed without asking whether it must be awaited first."""


class Leaf(NamedTuple):
    """How to read one field: the attribute, the exact types that `convert` is right for, and whether null is a value.

    Without `convert` the value goes out as it is.
    """

    attribute: str
    kinds: frozenset[type]
    convert: Callable[[Any], Any] | None
    nullable: bool


class Leaves:
    """The plain leaves of one schema, each field looked at once; `enabled=False` finds none."""

    def __init__(self, enabled: bool = True) -> None:
        self._enabled = enabled
        self._found: dict[tuple[str, str], Leaf | None] = {}

    def of(self, parent: GraphQLObjectType, name: str) -> Leaf | None:
        """How to read the field `name` of `parent` the short way; None where a resolver has to be called."""
        key = (parent.name, name)
        if key not in self._found:
            self._found[key] = self._look_at(parent, name) if self._enabled else None
        return self._found[key]

    def _look_at(self, parent: GraphQLObjectType, name: str) -> Leaf | None:
        if name == _TYPENAME:
            return Leaf("__class__", frozenset({type}), lambda _: parent.name, False)
        field = parent.fields.get(name)
        attribute = _plain_attribute(field) if field else None
        if field is None or attribute is None:
            return None
        required = is_non_null_type(field.type)
        type_ = field.type.of_type if required else field.type
        if not is_leaf_type(type_):
            return None
        kinds, convert = _conversion(type_)
        return Leaf(attribute, kinds, convert, not required)


def _plain_attribute(field: GraphQLField) -> str | None:
    """The Python attribute that the field reads, if it has no resolver, extension or handler of its own."""
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(definition, StrawberryField) or not getattr(field.resolve, "_is_default", False):
        return None
    return definition.python_name if definition.default_resolver is getattr else None


def _conversion(type_: GraphQLLeafType) -> tuple[frozenset[type], Callable[[Any], Any] | None]:
    if isinstance(type_, CustomGraphQLEnumType):
        return frozenset({type_.wrapped_cls}), _names(type_).__getitem__
    if isinstance(type_, GraphQLEnumType):
        return frozenset(), None
    return _SPECIFIED.get(type_.name) or (_NEVER_AWAITABLE, _strict(type_))


def _names(type_: CustomGraphQLEnumType) -> Mapping[Any, str]:
    members: list[Any] = list(type_.wrapped_cls)
    return {member: type_.coerce_output_value(member) for member in members}


def _strict(type_: GraphQLScalarType) -> Callable[[Any], Any]:
    coerce = type_.coerce_output_value

    def convert(value: Any) -> Any:
        coerced = coerce(value)
        if coerced is None:
            raise TypeError(f"{type_.name} has no value for {value!r}")
        return coerced

    return convert


def _int(value: int) -> int:
    if -_INT_MAX <= value < _INT_MAX:
        return value
    raise ValueError("not a 32-bit integer")


def _float(value: float) -> float:
    if math.isfinite(value):
        return value
    raise ValueError("not a finite number")


_SPECIFIED: Mapping[str, tuple[frozenset[type], Callable[[Any], Any] | None]] = {
    "String": (frozenset({str}), None),
    "ID": (frozenset({str}), None),
    "Boolean": (frozenset({bool}), None),
    "Int": (frozenset({int}), _int),
    "Float": (frozenset({float}), _float),
}
