"""`import`: issues and consumes from a CSV file.

What belongs here: the flags, the progress bar, the summary. What does not: rows (`services.csv_rows`), submitting them
(`services.transfer`).
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
import uvloop
from rich.progress import Progress

from app.cli.options import ROWS_REFUSED, DatabaseUrl, LedgerName, progress_bar, settings_with
from app.cli.preparing import revision_of
from app.clock import SystemClock
from app.domain.commands import Actor, ActorKind, Context, DefineEntitlementType
from app.domain.entitlement_type import EntitlementCategory
from app.domain.rejections import Rejection
from app.domain.validity import is_time_zone
from app.main import writing
from app.services import transfer
from app.services.csv_rows import Layout, OperationName, Rounding, Zero, commands, template_parts
from app.services.transfer import Tally
from app.settings import Settings
from app.store.database import RefusedError
from app.store.opening import open_database

GROUP_OPERATIONS_MAX = 1_000
"""Operations in one transaction of an import: nobody waits for an answer, so larger groups only save commits."""

OPERATOR = Actor(ActorKind.USER, "operator", "Command line")

File = Annotated[Path, typer.Argument(help="The CSV file, also packed with gzip; - reads standard input.")]
CustomerColumn = Annotated[str, typer.Option(help="The column with the customer's id.")]
AmountColumn = Annotated[str, typer.Option(help="The column with the amount.")]
TypeCode = Annotated[str | None, typer.Option("--type", help="The entitlement type of every row.")]
TypeColumn = Annotated[str | None, typer.Option(help="The column with the entitlement type.")]
Operation = Annotated[OperationName, typer.Option("--operation", help="What every row asks for.")]
OperationColumn = Annotated[str | None, typer.Option(help="The column that says issue or consume.")]
EffectiveAtColumn = Annotated[str | None, typer.Option(help="The column with the date or instant of taking effect.")]
ExpiresAtColumn = Annotated[str | None, typer.Option(help="The column with the date or instant of expiry.")]
MetadataColumns = Annotated[
    list[str] | None, typer.Option("--metadata-column", help="A column kept as metadata; may be given repeatedly.")
]
Reason = Annotated[str | None, typer.Option(help="The reason code of every row.")]
KeyTemplate = Annotated[
    str,
    typer.Option(
        help="The idempotency key of a row, for instance cdnow:{line}. {line} is the line on which the row begins, "
        "counted as an editor does: the header is line 1; other names in braces are columns. "
        "The key is what makes a second run harmless: it must name the same row each time."
    ),
]
Round = Annotated[
    Rounding | None, typer.Option("--round", help="Round to the type's decimals; without it such rows are refused.")
]
ZeroRows = Annotated[Zero, typer.Option("--zero", help="Rows with an amount of zero, also after rounding.")]
TimeZone = Annotated[str, typer.Option(help="The zone of times without an offset; a mere date is midnight there.")]
Delimiter = Annotated[str, typer.Option(help="What separates the fields.")]
DefineType = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CODE:CATEGORY:SCALE:UNIT",
        help="Define this entitlement type first unless it exists, for instance POINTS:POINTS:0:point.",
    ),
]


def import_file(
    file: File,
    customer_column: CustomerColumn,
    amount_column: AmountColumn,
    key_template: KeyTemplate,
    type_code: TypeCode = None,
    type_column: TypeColumn = None,
    operation: Operation = OperationName.ISSUE,
    operation_column: OperationColumn = None,
    effective_at_column: EffectiveAtColumn = None,
    expires_at_column: ExpiresAtColumn = None,
    metadata_column: MetadataColumns = None,
    reason: Reason = None,
    rounding: Round = None,
    zero: ZeroRows = Zero.REFUSE,
    time_zone: TimeZone = "UTC",
    delimiter: Delimiter = ",",
    define_type: DefineType = None,
    database_url: DatabaseUrl = None,
    ledger: LedgerName = None,
) -> None:
    """Import issues and consumes from a CSV file whose first line names the columns.

    May be stopped and run again: rows that are in the ledger already are recognized by their keys. Rows that the ledger
    turns down are named with their line, the others are imported all the same; exit code 3.
    """
    settings = settings_with(
        database_url=database_url,
        ledger=ledger,
        writer_group_max=GROUP_OPERATIONS_MAX,
        writer_queue_max=2 * transfer.IN_FLIGHT_MAX,
    )
    layout = Layout(
        customer_column=customer_column,
        amount_column=amount_column,
        key_template=key_template,
        type_code=type_code,
        type_column=type_column,
        operation=operation,
        operation_column=operation_column,
        effective_at_column=effective_at_column,
        expires_at_column=expires_at_column,
        metadata_columns=metadata_column or (),
        reason=reason,
        rounding=rounding,
        zero=zero,
        time_zone=time_zone,
        delimiter=delimiter,
    )
    _check(layout)
    types = [_defined(text) for text in define_type or ()]
    tally = uvloop.run(_import(settings, file, layout, types))
    raise typer.Exit(ROWS_REFUSED if tally.refused else 0)


async def _import(settings: Settings, file: Path, layout: Layout, types: list[DefineEntitlementType]) -> Tally:
    context = Context(OPERATOR, settings.ledger)
    with _opened(file) as stream, progress_bar() as bar:
        await revision_of(open_database(settings.database_url))
        async with writing(settings, SystemClock()) as parts:
            for each in types:
                await transfer.ensure_type(parts.database, parts.services.ledger, each, context)
            scales = await transfer.scales(parts.database, settings.ledger)
            started = time.perf_counter()
            shown = _Shown(bar, file, stream)
            try:
                await transfer.import_rows(
                    parts.services.ledger,
                    commands(stream, layout, scales),
                    context,
                    refused=_refused,
                    progress=shown.update,
                )
            except asyncio.CancelledError:
                typer.echo(f"Stopped. {transfer.GO_ON}", err=True)
                raise
            finally:
                _summarize(file, shown.tally, time.perf_counter() - started)
    return shown.tally


class _Shown:
    """The progress bar over the file's bytes, and the latest tally."""

    def __init__(self, bar: Progress, file: Path, stream: BinaryIO) -> None:
        self.tally = Tally()
        self._bar = bar
        self._stream = stream
        self._total = file.stat().st_size if stream.seekable() else None
        self._task = bar.add_task("bytes", total=self._total)

    def update(self, tally: Tally) -> None:
        """Show how far the file has been read."""
        self.tally = tally
        if self._total is not None:
            # At the end of the file its reader closes it.
            read = self._total if self._stream.closed else self._stream.tell()
            self._bar.update(self._task, completed=read)


def _check(layout: Layout) -> None:
    """RefusedError or UnreadableFileError where the flags make no sense together."""
    template_parts(layout.key_template)
    if (layout.type_code is None) == (layout.type_column is None):
        raise RefusedError("Say which entitlement type is meant: either --type or --type-column.")
    if not is_time_zone(layout.time_zone):
        raise RefusedError(f"{layout.time_zone} is not a time zone of the IANA database, such as Europe/Berlin.")
    if len(layout.delimiter) != 1:
        raise RefusedError("The delimiter is one character.")


def _defined(text: str) -> DefineEntitlementType:
    parts = text.split(":", 3)
    categories = tuple(EntitlementCategory)
    if len(parts) != 4 or parts[1] not in categories or not parts[2].isdecimal():
        raise RefusedError(
            f"--define-type takes CODE:CATEGORY:SCALE:UNIT, such as POINTS:POINTS:0:point, not {text}; "
            f"a category is one of {', '.join(categories)}."
        )
    code, category, scale, unit = parts
    return DefineEntitlementType(
        idempotency_key=f"import:define:{code}",
        code=code,
        name=code.replace("_", " ").capitalize(),
        category=EntitlementCategory(category),
        scale=int(scale),
        unit=unit,
    )


def _opened(file: Path) -> BinaryIO:
    if str(file) == "-":
        return sys.stdin.buffer
    try:
        return file.open("rb")
    except OSError as error:
        raise RefusedError(f"{file} cannot be read: {error.strerror}.") from error


def _refused(line: int, rejection: Rejection) -> None:
    where = f" {'.'.join(rejection.field)}" if rejection.field else ""
    typer.echo(f"line {line}: {rejection.code}{where}: {rejection.message}", err=True)


def _summarize(file: Path, tally: Tally, seconds: float) -> None:
    written = tally.issued + tally.consumed
    rate = f", {written / seconds:,.0f} a second" if written and seconds else ""
    typer.echo(
        f"{file.name}: {tally.issued:,} issued, {tally.consumed:,} consumed, {tally.replayed:,} replayed, "
        f"{tally.skipped:,} skipped (an amount of zero), {tally.refused:,} refused{rate}."
    )
