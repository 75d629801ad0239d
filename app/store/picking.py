"""The first rows of many lists in one statement, where a statement for each list would be N+1.

What belongs here: that one shape of a query, for both databases. What does not: which rows (`accounts`, `events`).
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Select, select, union_all

BRANCHES_MAX = 100
"""SQLite takes 500 at most; a page has 100 items."""


def first_of_each(rows: Select[Any], column: ColumnElement[Any], values: Collection[str]) -> Any:
    """A subquery of the first column of `rows`, ordered and limited for each value of `column` by itself.

    Each list is read by index and no further than its limit; a window function would read all of it.
    """
    if not 1 <= len(values) <= BRANCHES_MAX:
        raise ValueError(f"1 to {BRANCHES_MAX} lists at once, not {len(values)}")
    picked = [rows.where(column == value).subquery() for value in values]
    return union_all(*(select(each.c[0]) for each in picked))
