"""Overlaps: how many comparisons validation has ahead of it.

What belongs here: counting the pairs that the rule "fields in set can merge" compares, whose number grows with the
square of what stands in one place. What does not: the rule itself (graphql-core), all other measures (`walk`).
"""

from collections.abc import Iterable, Mapping

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)


def comparisons(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode], enough: int
) -> int:
    """The pairs of fields with one name, and of fragments, in each place of an operation.

    Counts no further than needed to be more than `enough`. The operation's depth must be known to be limited.
    """
    return _in_place([operation.selection_set], fragments, enough)


def _in_place(sets: list[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode], enough: int) -> int:
    fields, spreads = _gather(sets, fragments)
    count = _pairs(spreads) + sum(_pairs(len(nodes)) for nodes in fields.values())
    for nodes in fields.values():
        if count > enough:
            break
        inner = [node.selection_set for node in nodes if node.selection_set]
        if inner:
            count += _in_place(inner, fragments, enough - count)
    return count


def _gather(
    sets: Iterable[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode]
) -> tuple[dict[str, list[FieldNode]], int]:
    """The fields of one place by their names in the response, each fragment visited once, and how many fragments."""
    fields: dict[str, list[FieldNode]] = {}
    visited: set[str] = set()
    ahead = list(sets)
    while ahead:
        for selection in ahead.pop().selections:
            if isinstance(selection, FieldNode):
                name = (selection.alias or selection.name).value
                fields.setdefault(name, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                ahead.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in visited:
                visited.add(selection.name.value)
                if selection.name.value in fragments:
                    ahead.append(fragments[selection.name.value].selection_set)
    return fields, len(visited)


def _pairs(count: int) -> int:
    return count * (count - 1) // 2
