"""Execution: graphql-core's executor with a budget, and with a short way for plain leaves.

What belongs here: how fields are executed. What does not: what an operation may use (`budget`), which fields are plain
(`leaves`), parsing, masking.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, NamedTuple, Self

from graphql import GraphQLObjectType, GraphQLResolveInfoHelpers
from graphql.execution.collect_fields import CollectedFields, FieldDetailsList, GroupedFieldSet
from graphql.execution.executor import CollectedErrors
from graphql.execution.values import VariableValues
from graphql.pyutils import AwaitableOrValue, Path, gather_with_cancel
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from app.edges.graphql.budget import Budget, OperationContext
from app.edges.graphql.errors import LIMIT_EXCEEDED, code_of
from app.edges.graphql.leaves import Leaf, Leaves


class Step(NamedTuple):
    """One field of a set: its name in the response, the short way to read it if there is one, and the long way."""

    name: str
    leaf: Leaf | None
    details: FieldDetailsList


class Plan(NamedTuple):
    """How to execute one set of fields; it keeps the set alive, by whose identity it is found."""

    fields: GroupedFieldSet
    steps: list[Step]


class Kept:
    """What executing one operation once has found out about it, good for every later execution.

    Which fields a selection holds depends on nothing but the document, unless there are directives: then nothing must
    be kept from one request to the next.
    """

    __slots__ = ("plans", "root", "sub_fields")

    def __init__(self) -> None:
        self.root: GroupedFieldSet | None = None
        self.sub_fields: dict[tuple[GraphQLObjectType, int], tuple[FieldDetailsList, CollectedFields]] = {}
        self.plans: dict[int, Plan] = {}


class BudgetedExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executes an operation within the budget that its context carries.

    What is over the budget fails as a field would: what was answered before stays in the response, the error is there
    once. Each event of a subscription is executed with a context and a budget of its own. Plain leaves are read without
    resolve info, path and resolver call; whatever is unusual about one sends it the long way, errors included.
    """

    budget: Budget
    _kept: Kept

    def __init__(self, *args: Any, leaves: Leaves, keeps: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._leaves = leaves
        self._kept_always = Kept() if keeps else None
        self._enter(self.context_value)

    @property
    def async_helpers(self) -> GraphQLResolveInfoHelpers:
        """What resolvers get for background work; kept, it would tie each executor to itself and to the collector."""
        return GraphQLResolveInfoHelpers(gather=self.gather_async_work, track=self.track_async_work)

    @async_helpers.setter
    def async_helpers(self, helpers: GraphQLResolveInfoHelpers) -> None: ...

    def again(self, context: OperationContext, variables: VariableValues, root_value: Any = None) -> Self:
        """A copy that executes the same operation for another request, with nothing of this one's but what is kept."""
        executor = self._copy()
        executor.root_value = root_value
        executor.variable_values = variables
        executor._enter(context)
        return executor

    def template(self) -> Self:
        """A copy that holds nothing of any request and cannot execute one, but can be asked for one that does."""
        executor = self._copy()
        executor.root_value = executor.context_value = None
        executor.variable_values = VariableValues({}, {})
        del executor.budget
        return executor

    def build_per_event_executor(self, payload: Any) -> Self:
        """A copy for one event of a subscription, with a context and a budget of its own."""
        return self.again(self.context_value.renewed(), self.variable_values, payload)

    def execute_collected_root_fields(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,
        new_defer_usages: Any,
    ) -> Any:
        """The root fields: the set that is kept, because all else is kept by its identity."""
        kept = self._kept
        kept.root = kept.root or grouped_field_set
        return super().execute_collected_root_fields(root_type, root_value, kept.root, serially, new_defer_usages)

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """The set's fields, plain leaves first; in the response all of them are in the order asked for."""
        self.budget.spend(len(grouped_field_set))
        plan = self._kept.plans.get(id(grouped_field_set)) or self._plan(parent_type, grouped_field_set)
        results: dict[str, Any] = {}
        others = _read_leaves(plan.steps, source_value, results)
        if not others:
            return results
        waiting: list[str] = []
        try:
            for name, _, details in others:
                field_path = Path(path, name, parent_type.name)
                result = self.execute_field(parent_type, source_value, details, field_path, position_context)
                results[name] = result
                if self.is_awaitable(result):
                    waiting.append(name)
        except Exception:
            self.settle_in_background([results[name] for name in waiting])
            raise
        return _gathered(results, waiting) if waiting else results

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: FieldDetailsList,
        path: Path,
        position_context: Any,
    ) -> Any:
        """A field the long way; at the root, where waiting begins, no longer than there is time."""
        result = super().execute_field(parent_type, source, field_details_list, path, position_context)
        if path.prev is None and self.is_awaitable(result):
            return self._in_time(result, parent_type, field_details_list, path)
        return result

    def build_response(self, data: dict[str, Any] | None) -> Any:
        """The response; that the budget is exhausted is told once in it."""
        if self.budget.exhausted:
            errors = self.collected_errors.errors
            first = next((error for error in errors if code_of(error) == LIMIT_EXCEEDED), None)
            errors[:] = [error for error in errors if error is first or code_of(error) != LIMIT_EXCEEDED]
        return super().build_response(data)

    async def _in_time(
        self, result: Awaitable[Any], parent_type: GraphQLObjectType, details: FieldDetailsList, path: Path
    ) -> Any:
        try:
            async with asyncio.timeout(self.budget.seconds_left()):
                return await result
        except TimeoutError:
            field = parent_type.fields[details[0].node.name.value]
            self.handle_field_error(self.budget.out_of_time(), field.type, details, path)
            return None

    def _copy(self) -> Self:
        executor = object.__new__(type(self))
        executor.__dict__.update(self.__dict__)
        executor.collected_errors = CollectedErrors()
        executor.background_futures = set()
        return executor

    def _enter(self, context: OperationContext) -> None:
        self.context_value = context
        self.budget = context.budget
        self._kept = self._kept_always or Kept()
        self._relevant_sub_fields = self._kept.sub_fields

    def _plan(self, parent_type: GraphQLObjectType, fields: GroupedFieldSet) -> Plan:
        leaf_of = self._leaves.of
        steps = [
            Step(name, leaf_of(parent_type, details[0].node.name.value), details) for name, details in fields.items()
        ]
        plan = self._kept.plans[id(fields)] = Plan(fields, steps)
        return plan


def _read_leaves(steps: list[Step], source: Any, results: dict[str, Any]) -> list[Step]:
    """Put the plain leaves of `source` into `results`, and a place for each of the others, which are returned."""
    others: list[Step] = []
    for step in steps:
        name, leaf, _ = step
        if leaf is not None:
            attribute, kinds, convert, nullable = leaf
            try:
                value = getattr(source, attribute)
                if type(value) in kinds:
                    results[name] = value if convert is None else convert(value)
                    continue
                if value is None and nullable:
                    results[name] = None
                    continue
            except Exception:  # noqa: BLE001, S110  the long way meets the same error, and says where it is
                pass
        results[name] = None
        others.append(step)
    return others


async def _gathered(results: dict[str, Any], waiting: list[str]) -> dict[str, Any]:
    """The same fields, those that were waited for in the places of their awaitables."""
    if len(waiting) == 1:
        results[waiting[0]] = await results[waiting[0]]
    else:
        results.update(zip(waiting, await gather_with_cancel(*(results[name] for name in waiting)), strict=True))
    return results
