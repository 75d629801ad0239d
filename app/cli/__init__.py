"""The command line: `entitlement-ledger` and `python -P -m app`.

What belongs here: commands, flags, exit codes, sentences for the operator. What does not: doing the work (`services`),
putting it together (`main`).

Exit codes: 0 done; 1 `verify` found a difference; 2 refused, with a sentence why; 3 `import` turned rows down.
"""

import sys
from typing import NoReturn

import typer
from pydantic import ValidationError

from app.cli import checking, demo, importing, preparing, schema, serving
from app.cli.options import REFUSED, explain
from app.services.csv_rows import UnreadableFileError
from app.store.database import NotConnectedError, RefusedError

commands = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="The central, auditable record of everything that customers are entitled to.",
)
commands.command("serve")(serving.serve)
commands.command("demo")(demo.demo)
commands.command("migrate")(preparing.migrate)
commands.command("import")(importing.import_file)
commands.command("verify")(checking.verify)
commands.command("schema")(schema.schema)


def main() -> NoReturn:
    """Run the command that the arguments name; an operator's mistake ends in one sentence, never in a traceback."""
    try:
        commands()
    except (RefusedError, UnreadableFileError, NotConnectedError) as error:
        typer.echo(str(error), err=True)
    except ValidationError as error:
        typer.echo(explain(error), err=True)
    sys.exit(REFUSED)
