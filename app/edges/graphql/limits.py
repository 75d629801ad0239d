"""How much one GraphQL request may ask for: every limit of this edge, with its reason.

What belongs here: figures. What does not: measuring (`walk`, `budget`, `protocol`) or the wording of errors (`errors`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one server; the defaults let every query of our own pages and GraphiQL's introspection pass.

    What is over a limit is refused with a GraphQL error, code `LIMIT_EXCEEDED`, that names limit and value.
    """

    body_bytes: int = 4 * 1024 * 1024
    """Of a whole HTTP body: a `batch` of 1,000 operations is 0.3 MB, the rest is room for metadata."""
    body_seconds: float = 10.0
    """Until a body has arrived that does not come at once: 4 MiB over a line of 3.4 Mbit/s."""
    json_depth: int = 64
    """Nesting of arrays and objects in a body: our deepest input has 6 levels, metadata may be anything."""
    json_containers: int = 100_000
    """Arrays and objects in a body: each costs 60 to 230 bytes of memory, a `batch` of 1,000 operations has 6,000."""

    text_bytes: int = 64 * 1024
    """Of a query's text: GraphiQL's introspection has 2 KiB."""
    tokens: int = 2_000
    """Of a query's text: parsing costs about 10 us a token."""
    depth: int = 16
    """Fields within fields, through fragments: GraphiQL's introspection has 15 or 16."""
    fields: int = 500
    """Of one operation, each fragment counted where it is spread."""
    aliases: int = 30
    """Of one operation, through fragments: aliases repeat a field's work as often as they like."""
    directives: int = 30
    """Of one operation, through fragments."""
    comparisons: int = 3_000
    """Pairs of fields with one name, and of fragments, in one place: validation compares each, in up to 50 us."""
    root_mutations: int = 10
    """Commands of one document, which run one after the other; more of them belong into a `batch`."""
    cost: int = 20_000
    """The sum over all fields of how often each may be answered: page sizes multiply what is below them."""
    list_size: int = 5
    """What the cost assumes of a list without a page size: a customer's balances, an event's allocations."""
    list_sizes: Mapping[str, int] = field(default_factory=dict)
    """The same for single fields that are known better, by coordinate such as `Customer.balances`."""

    page_size: int = 20
    """What a connection answers when neither `first` nor `last` is given."""
    page_size_max: int = 100
    """The most of `first`, `last` and of lists of ids in an argument."""

    resolved_fields: int = 20_000
    """Fields that an operation may really resolve, about 0.2 s; extended by `Budget.extend` where work is asked for."""
    introspection_fields: int = 60_000
    """What an operation with `__schema` may resolve besides: GraphiQL's answer has 8,000 and grows with the schema."""
    seconds: float = 8.0
    """Wall time of an operation, or of one event of a subscription: gateways give up after 10."""

    connection_init_seconds: float = 5.0
    """How long a new socket may wait before it says who it is."""
    socket_operations: int = 100
    """Operations running on one socket at a time: a dashboard has a handful of subscriptions."""

    cached_documents: int = 512
    """Texts that are kept parsed and validated; applications have tens."""
    cached_tokens: int = 100_000
    """Tokens of all kept texts together: 600 bytes each, 60 MB."""

    suggestions: bool = False
    """Whether errors say "Did you mean ...", which costs time and tells names that introspection may hide."""
