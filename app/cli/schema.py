"""`schema`: the GraphQL schema as text.

What belongs here: where to write it. What does not: what it says (`edges.graphql.schema`).
"""

import typer

from app.cli.options import OutputFile
from app.edges.graphql.schema import schema_text


def schema(output: OutputFile = None) -> None:
    """Print the GraphQL schema, the same text for the same version; needs no database."""
    text = schema_text()
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
