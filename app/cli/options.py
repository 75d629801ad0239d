"""Flags that several commands share, and the settings that flags and environment make together.

What belongs here: the flags, named after the settings that they override. What does not: what a setting does
(`settings`).
"""

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from app.settings import Settings

DIFFERENCE_FOUND = 1
REFUSED = 2
ROWS_REFUSED = 3


def option(setting: str, *names: str) -> Any:
    """A flag that overrides a setting, with the setting's own description and default."""
    field = Settings.model_fields[setting]
    default = "" if field.default is None or isinstance(field.default, bool) else f" Default: {field.default}."
    return typer.Option(*names, help=f"{field.description}{default} Overrides LEDGER_{setting.upper()}.")


DatabaseUrl = Annotated[str | None, option("database_url", "--database-url")]
LedgerName = Annotated[str | None, option("ledger", "--ledger")]
OutputFile = Annotated[Path | None, typer.Option("--output", "-o", help="Write there instead of to standard output.")]


def settings_with(**flags: object) -> Settings:
    """The settings of the environment, overridden by the flags that were given."""
    return Settings(**{name: value for name, value in flags.items() if value is not None})  # type: ignore[arg-type]


def explain(error: ValidationError) -> str:
    """A sentence for each setting that cannot be used."""
    return "\n".join(
        f"The setting {'.'.join(str(part) for part in each['loc'])} cannot be used: {each['msg']}."
        for each in error.errors()
    )


def progress_bar() -> Progress:
    """A progress bar on the error output, silent where that is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    times = (TimeElapsedColumn(), TimeRemainingColumn())
    return Progress(*columns, *times, console=console, disable=not console.is_terminal)
