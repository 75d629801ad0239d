"""What the house demands and the import linter cannot hold: judged from the source, nothing is executed."""

import ast
from collections.abc import Iterator

from tests.support.source import Module, modules, top

FILE_LINES_MAX = 320
FUNCTION_LINES_MAX = 60

SQL = {"aiosqlite", "alembic", "asyncpg", "psycopg", "sqlalchemy", "sqlite3", "sqlmodel"}
# The writer hands the connection on to the store's functions; it says nothing on it.
HANDED_THROUGH = "sqlalchemy.Connection"
STATEMENTS = ("connection.exec", "connection.scalar", "self._connection.exec", "self._connection.scalar")
CHANCE = ("random.", "secrets.", "uuid.uuid")
TIME = {
    "asyncio.sleep",
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "os.urandom",
    "time.gmtime",
    "time.localtime",
    "time.sleep",
    "time.time",
    "time.time_ns",
}
JUDGES = ("tests/model/reference.py", "tests/independent/")
ENVIRONMENT = ("os.environ", "os.getenv", "os.putenv")
WAITING = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
INPUT_AND_OUTPUT = {"open", "print", "input", "exec", "eval", "__import__"}
# Values and arithmetic on them; zones and characters are tables of the world, not the world.
VALUES = set(
    "__future__ abc base64 bisect calendar collections copy dataclasses datetime decimal enum functools hashlib heapq "
    "itertools json math operator re string struct types typing unicodedata zoneinfo".split()
)


def test_every_module_says_what_belongs_in_it() -> None:
    bare = [module.path for module in modules("app") if not ast.get_docstring(module.tree)]
    none(bare, "modules that open without a docstring")


def test_files_and_functions_stay_readable() -> None:
    files = [(module.path, module.text.count("\n")) for module in modules("app")]
    functions = [
        (f"{module.path}:{line} {name}", lines)
        for module in modules("app")
        for name, line, lines in module.functions()
        if not module.path.startswith("app/store/migrations/versions/")
    ]
    long = [f"{where}: {lines} lines" for where, lines in files if lines > FILE_LINES_MAX]
    long += [f"{where}: {lines} lines" for where, lines in functions if lines > FUNCTION_LINES_MAX]
    none(long, f"files over {FILE_LINES_MAX} lines and functions over {FUNCTION_LINES_MAX}")


def test_the_domain_imports_only_itself_and_values() -> None:
    foreign = [
        at(module, line, name)
        for module in modules("app/domain")
        for name, line in module.names()
        if not name.startswith("app.domain") and top(name) not in VALUES
    ]
    none(foreign, "what the domain must not know")


def test_the_domain_waits_for_nobody_and_touches_nothing() -> None:
    waiting = [
        at(module, node.lineno, type(node).__name__)
        for module in modules("app/domain")
        for node in ast.walk(module.tree)
        if isinstance(node, WAITING)
    ]
    touching = [
        at(module, line, name)
        for module in modules("app/domain")
        for name, line in module.calls()
        if name in INPUT_AND_OUTPUT
    ]
    none(waiting + touching, "async code, input or output in the domain")


def test_only_the_store_has_sql() -> None:
    outside = [
        at(module, line, name)
        for module in elsewhere("app/store/")
        for name, line in (*module.names(), *module.calls())
        if (top(name) in SQL and name != HANDED_THROUGH) or name.startswith(STATEMENTS)
    ]
    none(outside, "SQL outside the store")


def test_only_the_writer_opens_a_write_transaction() -> None:
    """The write door of the store's database is its method `transaction`."""
    outside = [
        at(module, line, name)
        for module in elsewhere("app/store/", "app/services/writer")
        for name, line in module.calls()
        if name.endswith(".transaction")
    ]
    none(outside, "write transactions opened by somebody else than the writer")


def test_only_main_constructs_services() -> None:
    """Inside the room a service may make helpers of its own, such as one commit, but never what main makes."""
    services = {
        f"{module.dotted}.{node.name}"
        for module in modules("app/services")
        for node in module.tree.body
        if isinstance(node, ast.ClassDef) and is_handed_its_parts(node)
    }
    made_by_main = {name for module in modules("app") if module.path == "app/main.py" for name, _ in module.calls()}
    outside = [
        at(module, line, name)
        for module in elsewhere("app/main.py")
        for name, line in module.calls()
        if name in services and (name in made_by_main or not module.path.startswith("app/services/"))
    ]
    none(outside, "services constructed elsewhere than in app/main.py")


def test_time_and_chance_come_from_the_clock() -> None:
    outside = [
        at(module, line, name)
        for module in elsewhere("app/clock.py")
        for name, line in module.names()
        if name in TIME or name.startswith(CHANCE)
    ]
    none(outside, "time or randomness that is not the clock's")


def test_only_the_settings_read_the_environment() -> None:
    outside = [
        at(module, line, name)
        for module in elsewhere("app/settings.py")
        for name, line in module.names()
        if name.startswith(ENVIRONMENT)
    ]
    none(outside, "the environment read elsewhere than in app/settings.py")


def test_what_judges_the_application_shares_nothing_with_it() -> None:
    judges = [module for module in modules("tests") if module.path.startswith(JUDGES)]
    shared = [at(module, line, name) for module in judges for name, line in module.names() if top(name) == "app"]
    none(shared, "parts of the application used by what judges it")
    assert judges


def elsewhere(*homes: str) -> Iterator[Module]:
    """The modules of the application but those whose path begins with one of `homes`."""
    return (module for module in modules("app") if not module.path.startswith(homes))


def is_handed_its_parts(node: ast.ClassDef) -> bool:
    """A service writes its own `__init__`; a value is a dataclass, a refusal an exception."""
    is_exception = any(isinstance(base, ast.Name) and base.id.endswith(("Error", "Exception")) for base in node.bases)
    return not is_exception and any(
        isinstance(inner, ast.FunctionDef) and inner.name == "__init__" for inner in node.body
    )


def at(module: Module, line: int, what: str) -> str:
    return f"{module.path}:{line} {what}"


def none(found: list[str], what: str) -> None:
    assert not found, "\n".join([f"{what}:", *found])
