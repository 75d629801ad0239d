"""Fields with a resolver: what each means, and the scopes that its caller must have, declared beside it.

What belongs here: the declarations, and refusing a caller. What does not: what a scope stands for (`services.access`).
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry
from graphql import GraphQLError

from app.edges.graphql.context import Context
from app.edges.graphql.errors import FORBIDDEN

Resolver = TypeVar("Resolver", bound=Callable[..., object])


def resolved(description: str, *scopes: str) -> Callable[[Resolver], Resolver]:
    """Declares a field that the function below resolves; without all of `scopes` its caller gets FORBIDDEN."""

    def declare(resolve: Resolver) -> Resolver:
        return cast("Resolver", strawberry.field(_guarded(resolve, scopes), description=description))

    return declare


def streamed(description: str, *scopes: str) -> Callable[[Resolver], Resolver]:
    """Declares a subscription that the function below feeds; without all of `scopes` its caller gets FORBIDDEN."""

    def declare(resolve: Resolver) -> Resolver:
        return cast("Resolver", strawberry.subscription(_guarded(resolve, scopes), description=description))

    return declare


def scopes_of(resolve: object) -> tuple[str, ...]:
    """The scopes that a resolver's declaration names."""
    return getattr(resolve, "scopes", ())


def _guarded(resolve: Callable[..., Any], scopes: tuple[str, ...]) -> Callable[..., Any]:
    if not scopes:
        return resolve
    if inspect.iscoroutinefunction(resolve):

        @functools.wraps(resolve)
        async def checked(*args: Any, **kwargs: Any) -> Any:
            _check(scopes, kwargs["info"].context)
            return await resolve(*args, **kwargs)

    else:

        @functools.wraps(resolve)
        def checked(*args: Any, **kwargs: Any) -> Any:
            _check(scopes, kwargs["info"].context)
            return resolve(*args, **kwargs)

    checked.__dict__["scopes"] = scopes
    return checked


def _check(scopes: tuple[str, ...], context: Context) -> None:
    for scope in scopes:
        if scope not in context.actor.scopes:
            raise GraphQLError(f"This needs the scope {scope}.", extensions={"code": FORBIDDEN})
