"""The yardstick: a stock Strawberry server, kept to compare ours with.

    python -m bench.stock_server --database /tmp/stock.db --port 8001 [--caches]

It answers like ours and writes the same rows (no leaf, no hash), and is meant to be an engineer's good work of one day:
`strawberry.asgi` on Starlette, uvicorn with uvloop and httptools, one session and one transaction a mutation. Belongs
here: the process. Does not belong here: schema (`stock_schema`) and rows (`stock_ledger`, `stock_tables`).
"""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from broadcaster import Broadcast
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from bench.stock_ledger import StockLedger
from bench.stock_schema import build_schema


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", required=True, help="path of the SQLite file")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--caches", action="store_true", help="turn ParserCache and ValidationCache on")
    arguments = parser.parse_args()
    app = build(arguments.database, arguments.caches)
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=arguments.port,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )


def build(database: str, caches: bool) -> Starlette:
    ledger = StockLedger(database)
    broadcast = Broadcast("memory://")

    class StockGraphQL(GraphQL[dict[str, Any], None]):
        async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> dict[str, Any]:
            return {"request": request, "response": response, "ledger": ledger, "broadcast": broadcast}

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await ledger.create_tables()
        async with broadcast:
            yield
        await ledger.close()

    graphql = StockGraphQL(build_schema(caches), subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL])
    routes = [Route("/graphql", graphql), WebSocketRoute("/graphql", graphql), Route("/readyz", ready)]
    return Starlette(routes=routes, lifespan=lifespan)


async def ready(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("ready")


if __name__ == "__main__":
    main()
