"""One execution for many subscribers who ask the same of the same event.

What belongs here: who may share a result, and keeping it with the event. What does not: what a source of events yields
(`subscriptions`), executing (`executor`), protocols (`sockets`).

A thousand dashboards send one document; without this, each event is read up, executed and encoded a thousand times.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import FieldNode, OperationDefinitionNode, VariableNode
from graphql.execution import Executor, execute_subscription_event
from strawberry.execution import optimized_is_awaitable
from strawberry.types.execution import ExecutionResult

from app.edges.graphql.encoding import encode
from app.edges.graphql.executor import BudgetedExecutor

RESUME_CURSOR = "after"
"""The argument that says where a subscriber begins: it changes which events come, not what one of them is."""

QUESTIONS_MAX = 16
"""How many different questions about one event are kept; whoever asks yet another is answered alone."""


@dataclass
class SharedResult(ExecutionResult):
    """A result without errors, for everybody who may see it; the same bytes go to all of them."""

    _encoded: bytes | None = None

    @property
    def encoded(self) -> bytes:
        """The result as a response has it."""
        if self._encoded is None:
            self._encoded = encode({"data": self.data})
        return self._encoded


@dataclass(frozen=True, slots=True)
class Question:
    """What a subscriber asks of each event: the same operation of the same document, with the same variables but the
    resume cursor, by the same caller.
    """

    operation: int
    variables: str
    actor: Any


class Results(dict[Question, "tuple[OperationDefinitionNode, asyncio.Task[SharedResult | None]]"]):
    """What one event was answered with so far; whatever a source yields can be shared if it bears one as `results`."""


def sharing(subscription: BudgetedExecutor) -> Callable[[Executor[Any]], Any]:
    """Executes a subscription's events, or hands on what somebody who asks the same was answered.

    Errors are not shared: each is told with the request id of whoever meets it.
    """
    operation = subscription.operation
    question = Question(id(operation), repr(_variables(subscription)), subscription.context_value.actor)

    async def shared(event: Executor[Any], results: Results) -> Any:
        asked = results.get(question)
        if asked is None and len(results) >= QUESTIONS_MAX:
            return await _executed(event)
        if asked is None or asked[0] is not operation:
            # A task of its own: whoever began it may go away while others wait for it.
            asked = results[question] = operation, asyncio.create_task(_shareable(event))
        task = asked[1]
        result = task.result() if task.done() else await asyncio.shield(task)
        return result or await _executed(event)

    def execute(event: Executor[Any]) -> Any:
        results = getattr(event.root_value, "results", None)
        return execute_subscription_event(event) if results is None else shared(event, results)

    return execute


async def _shareable(event: Executor[Any]) -> SharedResult | None:
    result = await _executed(event)
    return None if result.errors else SharedResult(result.data, None)


async def _executed(event: Executor[Any]) -> Any:
    result: Any = execute_subscription_event(event)
    return await result if optimized_is_awaitable(result) else result


def _variables(subscription: BudgetedExecutor) -> list[tuple[str, Any]]:
    cursors = _resume_cursors(subscription.operation)
    values = subscription.variable_values.coerced
    return sorted((name, value) for name, value in values.items() if name not in cursors)


def _resume_cursors(operation: OperationDefinitionNode) -> set[str]:
    """The variables that are nothing but the resume cursor: declared, and used once, for that argument."""
    values = [
        argument.value
        for field in operation.selection_set.selections
        if isinstance(field, FieldNode)
        for argument in field.arguments or ()
        if argument.name.value == RESUME_CURSOR
    ]
    text = operation.loc.source.body if operation.loc else ""
    named = {value.name.value for value in values if isinstance(value, VariableNode)}
    return {name for name in named if len(re.findall(rf"\${name}\b", text)) == len(("declared", "used"))}
