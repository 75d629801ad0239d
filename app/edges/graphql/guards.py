"""The guarded schema: every GraphQL operation, over HTTP or a socket, runs through here.

What belongs here: the order of things (document, limits, variables, execution, masking). What does not: each of them
(`documents`, `walk`, `executor`, `errors`), protocols (`view`, `sockets`), the types themselves.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from typing import Any, TypeGuard, cast

import strawberry
from graphql import ExecutionResult as CoreResult
from graphql import GraphQLError
from graphql.execution import create_source_event_stream, map_source_to_response_event
from graphql.execution.values import get_variable_values
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.config import StrawberryConfig
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType

from app.edges.graphql.budget import OperationContext
from app.edges.graphql.documents import Document, Documents, Operation
from app.edges.graphql.errors import BAD_REQUEST, BAD_USER_INPUT, mask, with_code
from app.edges.graphql.executor import BudgetedExecutor
from app.edges.graphql.leaves import Leaves
from app.edges.graphql.limits import Limits
from app.edges.graphql.resolvers import DirectResolvers
from app.edges.graphql.sharing import SharedResult, sharing

ANY_OPERATION = frozenset(OperationType)
ONLY_QUERY = frozenset({OperationType.QUERY})
NO_SUBSCRIPTION = frozenset({OperationType.QUERY, OperationType.MUTATION})


_is_awaitable = cast("Callable[[Any], TypeGuard[Awaitable[Any]]]", optimized_is_awaitable)


class GuardedSchema(strawberry.Schema):
    """A Strawberry schema whose `execute` and `stream` keep the limits, mask what breaks and hide suggestions.

    `context_value` must be an `OperationContext`. Strawberry's extensions are not run: what they would do is done here,
    without their cost. A request that cannot be executed at all is answered by a `PreExecutionError`.
    """

    def __init__(
        self,
        query: type,
        mutation: type | None = None,
        subscription: type | None = None,
        *,
        types: Iterable[type] = (),
        config: StrawberryConfig | None = None,
        limits: Limits | None = None,
        shortcuts: bool = True,
        introspection: bool = True,
    ) -> None:
        if config and config.sort_schema:
            raise ValueError("A sorted schema forgets how enums are written: sort what is exported instead.")
        super().__init__(query, mutation, subscription, types=types, config=config)
        self.limits = limits or Limits()
        self._introspection = introspection
        self._documents = Documents(self._schema, self.limits)
        self._leaves = Leaves(shortcuts)
        if shortcuts:
            DirectResolvers(self.config, self.schema_converter.scalar_registry).install(self._schema)

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """One query or mutation."""
        allowed = allowed_operation_types or NO_SUBSCRIPTION
        executor = self._executor(query, variable_values, context_value, operation_name, allowed, root_value)
        if not isinstance(executor, BudgetedExecutor):
            return PreExecutionError(None, executor)
        return await self._run(executor)

    async def stream(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        operation_extensions: dict[str, Any] | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
    ) -> AsyncGenerator[ExecutionResult, None]:
        """The results of any operation: one of a query or mutation, one an event of a subscription.

        A `PreExecutionError` ends it: the first and only result of a request that cannot be executed, or the last one
        of a subscription whose source of events failed.
        """
        allowed = allowed_operation_types or ANY_OPERATION
        return self._results(self._executor(query, variable_values, context_value, operation_name, allowed, root_value))

    def _executor(
        self,
        text: str | None,
        variables: dict[str, Any] | None,
        context: Any,
        name: str | None,
        allowed: Iterable[OperationType],
        root_value: Any,
    ) -> BudgetedExecutor | list[GraphQLError]:
        """What executes the operation, or the errors of a request that cannot be executed."""
        document = self._documents.of(text or "")
        if document.errors:
            return document.errors
        operation = self._documents.operation(document, name, variables)
        if isinstance(operation, GraphQLError):
            return [operation]
        kind = operation.node.operation.value
        if OperationType(kind) not in allowed:
            return [GraphQLError(f"A {kind} cannot be executed here.", extensions={"code": BAD_REQUEST})]
        if operation.introspects and not self._introspection:
            return [GraphQLError("Introspection is switched off here.", extensions={"code": BAD_REQUEST})]
        if operation.introspects:
            context.budget.extend(self.limits.introspection_fields)
        if operation.executor is not None:
            values = get_variable_values(
                self._schema,
                operation.node.variable_definitions or (),
                variables or {},
                hide_suggestions=not self.limits.suggestions,
            )
            if isinstance(values, list):
                return with_code(values, BAD_USER_INPUT)
            return operation.executor.again(context, values, root_value)
        return self._first_executor(document, operation, variables, context, root_value)

    def _first_executor(
        self, document: Document, operation: Operation, variables: dict[str, Any] | None, context: Any, root_value: Any
    ) -> BudgetedExecutor | list[GraphQLError]:
        built = BudgetedExecutor.build(
            self._schema,
            document.node,
            root_value,
            context,
            variables,
            operation.node.name.value if operation.node.name else None,
            is_awaitable=_is_awaitable,
            hide_suggestions=not self.limits.suggestions,
            leaves=self._leaves,
            keeps=operation.directives == 0,
        )
        if isinstance(built, list):
            return with_code(built, BAD_USER_INPUT)
        executor = cast("BudgetedExecutor", built)
        operation.executor = executor.template()
        return executor

    async def _run(self, executor: BudgetedExecutor) -> ExecutionResult:
        result: Any = executor.execute_operation()
        if optimized_is_awaitable(result):
            result = await result
        return _answer(result, executor.context_value)

    async def _results(self, executor: BudgetedExecutor | list[GraphQLError]) -> AsyncGenerator[ExecutionResult, None]:
        if not isinstance(executor, BudgetedExecutor):
            yield PreExecutionError(None, executor)
        elif executor.operation.operation.value != OperationType.SUBSCRIPTION.value:
            yield await self._run(executor)
        else:
            async for result in self._events(executor):
                yield result

    async def _events(self, executor: BudgetedExecutor) -> AsyncGenerator[ExecutionResult, None]:
        context: OperationContext = executor.context_value
        source: Any = create_source_event_stream(executor)
        if optimized_is_awaitable(source):
            source = await source
        if isinstance(source, CoreResult):
            yield PreExecutionError(None, mask(source.errors or [], context.request_id))
            return
        results = map_source_to_response_event(executor, source, sharing(executor))
        async with aclosing(results):
            try:
                async for result in results:
                    yield _answer(result, context)
            except Exception as broken:  # noqa: BLE001  whatever ends a source ends in an answer
                error = broken if isinstance(broken, GraphQLError) else GraphQLError(str(broken), original_error=broken)
                yield PreExecutionError(None, mask([error], context.request_id))


def _answer(result: Any, context: OperationContext) -> ExecutionResult:
    if isinstance(result, SharedResult):
        return result
    return ExecutionResult(result.data, mask(result.errors, context.request_id) if result.errors else None)
