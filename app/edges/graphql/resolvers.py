"""Direct resolvers: what Strawberry finds out about a resolver's arguments on every call is found out once.

What belongs here: calling a field's Python function with its arguments in Python's shape. What does not: what such a
function does. A field that is unusual in any way (extensions, permissions, subclasses of Strawberry's field, argument
types not known here) keeps Strawberry's own resolver, which takes about 40 us for an input of ten fields.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any, cast

from graphql import GraphQLError, GraphQLObjectType, GraphQLSchema
from strawberry.relay import GlobalID
from strawberry.scalars import is_scalar
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryObjectDefinition,
    StrawberryOptional,
    has_object_definition,
)
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver
from strawberry.types.lazy_type import LazyType
from strawberry.types.maybe import Some
from strawberry.types.unset import UNSET

from app.edges.graphql.errors import BAD_USER_INPUT

Convert = Callable[[Any], Any]


class Unknown(Exception):
    """An argument of a type that this module does not convert."""


class DirectResolvers:
    """Puts direct resolvers in the places of Strawberry's, wherever nothing but a function is called."""

    def __init__(self, config: StrawberryConfig, scalars: Mapping[object, Any]) -> None:
        self._config = config
        self._scalars = scalars
        self._inputs: dict[type, Convert | None] = {}

    def install(self, schema: GraphQLSchema) -> None:
        """Replace what can be replaced; a subscription's fields hand on events and have nothing to convert."""
        for type_ in schema.type_map.values():
            if not isinstance(type_, GraphQLObjectType) or type_ is schema.subscription_type:
                continue
            for field in type_.fields.values():
                definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
                if type(definition) is StrawberryField and definition.base_resolver and not definition.extensions:
                    try:
                        field.resolve = self._direct(definition, definition.base_resolver)
                    except Unknown:
                        continue

    def _direct(self, field: StrawberryField, resolver: StrawberryResolver[Any]) -> Callable[..., Any]:
        function = cast("Callable[..., Any]", resolver.wrapped_func)
        name_of = self._config.name_converter.from_argument
        converters = [(name_of(item), item.python_name, self._convert(item.type)) for item in field.arguments]
        takes_self = resolver.self_parameter is not None
        parents = [given.name for given in (resolver.parent_parameter, resolver.root_parameter) if given]
        info_name = resolver.info_parameter.name if resolver.info_parameter else None
        info_class = self._config.info_class

        def resolve(source: Any, info: Any, **given: Any) -> Any:
            arguments = {
                python_name: convert(given[name]) for name, python_name, convert in converters if name in given
            }
            for parent in parents:
                arguments[parent] = source
            if info_name is not None:
                arguments[info_name] = info_class(_raw_info=info, _field=field)
            return function(source, **arguments) if takes_self else function(**arguments)

        return resolve

    def _convert(self, type_: Any) -> Convert:
        if isinstance(type_, StrawberryMaybe):
            return _some(self._convert(type_.of_type), isinstance(type_.of_type, StrawberryOptional))
        if isinstance(type_, StrawberryOptional):
            return self._convert(type_.of_type)
        if isinstance(type_, LazyType):
            return self._convert(type_.resolve_type())
        if isinstance(type_, StrawberryList):
            return _each(self._convert(type_.of_type))
        if isinstance(type_, StrawberryEnumDefinition) or (is_scalar(type_, self._scalars) and type_ is not GlobalID):
            return _as_it_is
        if has_object_definition(type_):
            return self._input(cast("type", type_), type_.__strawberry_definition__)
        raise Unknown(type_)

    def _input(self, type_: type, definition: StrawberryObjectDefinition) -> Convert:
        """The converter of an input type."""
        if definition.from_input is not None or not definition.is_input:
            raise Unknown(type_)
        if type_ not in self._inputs:
            self._inputs[type_] = (
                None  # being made: an input type that holds itself finds its converter when it is used
            )
            try:
                self._inputs[type_] = self._members(type_, definition)
            except Unknown:
                del self._inputs[type_]
                raise
        return self._inputs[type_] or (lambda value: cast("Convert", self._inputs[type_])(value))

    def _members(self, type_: type, definition: StrawberryObjectDefinition) -> Convert:
        absent = {
            field.python_name: None
            for field in definition.fields
            if field.default_value is MISSING and field.default_factory is MISSING
        }
        name_of = self._config.name_converter.from_field
        members = [
            (name_of(field), field.python_name, self._convert(field.resolve_type(type_definition=definition)))
            for field in definition.fields
        ]

        def convert(value: Any) -> Any:
            if value is None or value is UNSET:
                return value
            given = {name: part(value[graphql_name]) for graphql_name, name, part in members if graphql_name in value}
            return type_(**{**absent, **given})

        return convert


def _as_it_is(value: Any) -> Any:
    return value


def _each(convert: Convert) -> Convert:
    def each(value: Any) -> Any:
        return value if value is None or value is UNSET else [convert(item) for item in value]

    return each


def _some(convert: Convert, nullable: bool) -> Convert:
    def some(value: Any) -> Any:
        if value is None and not nullable:
            raise GraphQLError("A value that may be left out must not be null.", extensions={"code": BAD_USER_INPUT})
        return Some(convert(value))

    return some
