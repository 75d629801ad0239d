"""What the writer does when all is well, and what it does for everything that can break (runtime: what breaks)."""

import asyncio
from collections import Counter
from dataclasses import replace

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.engine.base import RootTransaction
from sqlalchemy.ext.asyncio import AsyncTransaction

from app.domain import decide
from app.domain.commands import Actor, ActorKind, Batch
from app.domain.rejections import RejectionCode
from app.services.outcomes import BatchOutcome, Outcome
from app.store import events, heads
from tests.support.ledger import CALLER, OpenLedger, consume, issue, open_ledger, points
from tests.support.postgres import Cluster

# What no encoder takes: a way to make exactly one command break between BEGIN and COMMIT.
UNSPEAKABLE = replace(CALLER, actor=Actor(ActorKind.API_KEY, "\ud800"))


class Failpoints:
    """Counts the points that the writer passes, and does something at one of them, once."""

    def __init__(self) -> None:
        self.passed: Counter[str] = Counter()
        self.planned: dict[str, object] = {}

    def __call__(self, point: str) -> None:
        self.passed[point] += 1
        action = self.planned.pop(point, None)
        if callable(action):
            action()


def codes(outcome: Outcome | BatchOutcome) -> list[RejectionCode]:
    return [rejection.code for rejection in outcome.rejections]


async def head_of(opened: OpenLedger, ledger: str = "main") -> int:
    head = await opened.read(lambda connection: heads.read(connection, ledger))
    assert head is not None
    return head.position


async def keys_written(opened: OpenLedger) -> set[str | None]:
    recorded = await opened.read(lambda connection: events.after(connection, "main", 0, 1_000))
    assert [each.event.position for each in recorded] == list(range(1, len(recorded) + 1))
    return {each.event.stamp.idempotency_key for each in recorded}


async def test_what_waits_is_written_in_one_transaction(database_url: str) -> None:
    failpoints = Failpoints()
    async with open_ledger(database_url, reached=failpoints) as opened:
        await opened.send(points())
        failpoints.passed.clear()
        outcomes = await asyncio.gather(*(opened.send(issue(f"k{n}", customer_id=f"c{n}")) for n in range(200)))
        assert not any(outcome.rejections for outcome in outcomes)
        assert failpoints.passed["writer.committed"] == 200 // 64 + 1
        assert await head_of(opened) == 201


async def test_a_batch_larger_than_a_group_runs_alone(database_url: str) -> None:
    failpoints = Failpoints()
    async with open_ledger(database_url, reached=failpoints, group_operations_max=8) as opened:
        await opened.send(points())
        failpoints.passed.clear()
        batch = Batch(idempotency_key="b", operations=tuple(issue(f"b{n}") for n in range(20)))
        large, *small = await asyncio.gather(
            opened.ledger.submit_batch(batch, CALLER), *(opened.send(issue(f"s{n}")) for n in range(8))
        )
        assert len(large.results) == 20
        assert not any(outcome.rejections for outcome in small)
        assert failpoints.passed["writer.committed"] == 2


async def test_ledgers_take_turns(database_url: str) -> None:
    async with open_ledger(database_url, ledgers=("main", "other"), group_operations_max=4) as opened:
        other = replace(CALLER, ledger="other")
        await asyncio.gather(opened.send(points()), opened.send(points(), other))
        answered: list[str] = []

        async def send(ledger: str, number: int) -> None:
            await opened.send(issue(f"k{number}"), replace(CALLER, ledger=ledger))
            answered.append(ledger)

        await asyncio.gather(*(send("main", n) for n in range(40)), *(send("other", n) for n in range(4)))
        assert answered.index("other") <= 8
        assert (await head_of(opened), await head_of(opened, "other")) == (41, 5)


async def test_a_full_queue_refuses_at_once_and_loses_nothing(database_url: str) -> None:
    async with open_ledger(database_url, queue_operations_max=10) as opened:
        await opened.send(points())
        outcomes = await asyncio.gather(*(opened.send(issue(f"k{n}")) for n in range(50)))
        refused = [outcome for outcome in outcomes if outcome.rejections]
        assert refused
        assert all(codes(outcome) == [RejectionCode.OVERLOADED] for outcome in refused)
        assert await head_of(opened) == 1 + 50 - len(refused)
        again = await asyncio.gather(*(opened.send(issue(f"k{n}")) for n in range(10)))
        assert all(not outcome.rejections for outcome in again)


async def test_a_caller_who_goes_away_cancels_nothing(database_url: str) -> None:
    async with open_ledger(database_url) as opened:
        await opened.send(points())
        tasks = [asyncio.create_task(opened.send(issue(f"k{n}"))) for n in range(5)]
        await asyncio.sleep(0)
        for task in tasks[:2]:
            task.cancel()
        kept = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(each) for each in kept[:2]] == [asyncio.CancelledError] * 2
        assert {f"k{n}" for n in range(5)} <= await keys_written(opened)


async def test_stopping_finishes_what_waits_and_refuses_what_is_new(database_url: str) -> None:
    async with open_ledger(database_url) as opened:
        await opened.send(points())
        waiting = [asyncio.create_task(opened.send(issue(f"k{n}"))) for n in range(130)]
        await asyncio.sleep(0)
        stopping = asyncio.create_task(opened.writer.stop())
        await asyncio.sleep(0)
        assert codes(await opened.send(issue("late"))) == [RejectionCode.UNAVAILABLE]
        assert not any(outcome.rejections for outcome in await asyncio.gather(*waiting))
        await stopping
        assert await head_of(opened) == 131


async def test_a_busy_loop_does_not_starve_the_writer(sqlite_url: str) -> None:
    """While the loop is never idle, commits go on: the loop steps aside for the writer's thread."""
    async with open_ledger(sqlite_url) as opened:
        await opened.send(points())
        is_done = False
        turns = 0

        async def burn() -> None:
            nonlocal turns
            while not is_done:
                turns += 1
                sum(range(20_000))
                await asyncio.sleep(0)

        burning = [asyncio.create_task(burn()) for _ in range(3)]
        for number in range(30):
            assert not (await opened.send(issue(f"k{number}"))).rejections
        is_done = True
        await asyncio.gather(*burning)
        print(f"{turns} turns of a busy loop beside 30 commits")
        assert turns > 0


async def test_notes_run_between_groups_and_a_bad_one_spoils_no_other(database_url: str) -> None:
    async with open_ledger(database_url) as opened:
        await opened.send(points())
        good = text("UPDATE head SET created_at = created_at")
        bad = text("UPDATE nothing SET x = 1")
        results = await asyncio.gather(
            opened.writer.note(lambda connection: connection.execute(good).rowcount),
            opened.writer.note(lambda connection: connection.execute(bad)),
            opened.writer.note(lambda connection: connection.execute(good).rowcount),
            opened.send(issue("k")),
            return_exceptions=True,
        )
        assert results[0] == results[2] == 1
        assert isinstance(results[1], Exception)
        assert not results[3].rejections


async def test_a_broken_invariant_stops_the_writer(
    database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_ledger(database_url) as opened:
        await opened.send(points())
        await opened.send(issue("one", 5))
        real = decide.evolve
        monkeypatch.setattr(
            decide,
            "evolve",
            lambda state, event: replace(
                (after := real(state, event)),
                accounts={key: replace(each, available=each.available + 1) for key, each in after.accounts.items()},
            ),
        )
        outcomes = await asyncio.gather(*(opened.send(consume(f"c{n}")) for n in range(3)))
        assert [codes(outcome) for outcome in outcomes] == [[RejectionCode.UNAVAILABLE]] * 3
        monkeypatch.undo()
        assert codes(await opened.send(consume("later"))) == [RejectionCode.UNAVAILABLE]
        assert "do not add up" in (opened.writer.broken or "")
        assert "do not add up" in caplog.text
        assert await head_of(opened) == 2


async def test_an_error_before_the_commit_hits_the_guilty_command_alone(database_url: str) -> None:
    async with open_ledger(database_url) as opened:
        await opened.send(points())
        outcomes = await asyncio.gather(
            *(opened.send(issue(f"k{n}"), UNSPEAKABLE if n in (3, 17) else CALLER) for n in range(40)),
            return_exceptions=True,
        )
        assert [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Exception)] == [3, 17]
        assert await keys_written(opened) == {"type"} | {f"k{n}" for n in range(40) if n not in (3, 17)}


async def test_a_commit_that_raises_but_committed_is_answered_with_its_outcome(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_ledger(database_url) as opened:
        await opened.send(points())
        _break_next_commit(monkeypatch, database_url, commits_first=True)
        outcomes = await asyncio.gather(*(opened.send(issue(f"k{n}")) for n in range(5)))
        assert not any(outcome.rejections for outcome in outcomes)
        assert await keys_written(opened) == {"type", *(f"k{n}" for n in range(5))}
        assert (await opened.send(issue("k0"))).replayed


async def test_a_commit_that_raises_and_did_not_commit_is_answered_as_unknown_and_never_retried_alone(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_ledger(database_url) as opened:
        await opened.send(points())
        _break_next_commit(monkeypatch, database_url, commits_first=False)
        outcomes = await asyncio.gather(*(opened.send(issue(f"k{n}")) for n in range(3)))
        assert [codes(outcome) for outcome in outcomes] == [[RejectionCode.OUTCOME_UNKNOWN]] * 3
        assert await keys_written(opened) == {"type"}
        assert not (await opened.send(issue("k0"))).replayed


async def test_a_full_disk_is_answered_as_unknown_and_the_next_write_succeeds(sqlite_url: str) -> None:
    async with open_ledger(sqlite_url) as opened:
        await opened.send(points())
        await opened.writer.note(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count=1").fetchall())
        large = issue("large", note="n" * 4_000, metadata={f"m{n}": "x" * 300 for n in range(40)})
        batch = Batch(idempotency_key="b", operations=tuple(replace(large, idempotency_key=f"b{n}") for n in range(40)))
        assert codes(await opened.ledger.submit_batch(batch, CALLER)) == [RejectionCode.OUTCOME_UNKNOWN]
        assert await keys_written(opened) == {"type"}
        assert not (await opened.ledger.submit_batch(batch, CALLER)).rejections


async def test_a_connection_that_dies_in_the_transaction_is_answered_as_unknown(
    postgres_url: str, postgres_cluster: Cluster
) -> None:
    failpoints = Failpoints()
    async with open_ledger(postgres_url, reached=failpoints) as opened:
        await opened.send(points())
        failpoints.planned["writer.decided"] = lambda: postgres_cluster.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ledger-writer' "
            f"AND datname = '{_name_of(postgres_url)}'"
        )
        outcomes = await asyncio.gather(*(opened.send(issue(f"k{n}")) for n in range(3)))
        assert [codes(outcome) for outcome in outcomes] == [[RejectionCode.OUTCOME_UNKNOWN]] * 3
        assert not any([(await opened.send(issue(f"k{n}"))).replayed for n in range(3)])


async def test_a_database_that_is_away_is_unavailable_until_it_is_back(
    postgres_url: str, postgres_cluster: Cluster
) -> None:
    async with open_ledger(postgres_url) as opened:
        await opened.send(points())
        name = _name_of(postgres_url)
        postgres_cluster.execute(
            f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
        )
        assert codes(await opened.send(issue("first"))) == [RejectionCode.OUTCOME_UNKNOWN]
        assert codes(await opened.send(issue("second"))) == [RejectionCode.UNAVAILABLE]
        postgres_cluster.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        assert not (await opened.send(issue("first"))).rejections
        assert not (await opened.send(issue("second"))).rejections
        assert await head_of(opened) == 3


@pytest.mark.parametrize("is_freed", [True, False], ids=["freed in time", "never freed"])
async def test_contention_is_tried_three_times_then_overloaded(database_url: str, is_freed: bool) -> None:
    failpoints = Failpoints()
    async with open_ledger(database_url, reached=failpoints) as opened:
        await opened.send(points())
        is_sqlite = database_url.startswith("sqlite")
        impatient = "PRAGMA busy_timeout=20" if is_sqlite else "SELECT set_config('lock_timeout', '20', false)"
        await opened.writer.note(lambda connection: connection.exec_driver_sql(impatient).fetchall())
        holding, freed = asyncio.Event(), asyncio.Event()
        holder = asyncio.create_task(_hold_the_head(database_url, holding, freed))
        await holding.wait()
        if is_freed:
            sending = asyncio.create_task(opened.send(issue("k")))
            freed.set()
            await holder
            assert not (await sending).rejections
        else:
            outcomes = await asyncio.gather(*(opened.send(issue(f"k{n}")) for n in range(3)))
            freed.set()
            await holder
            assert [codes(outcome) for outcome in outcomes] == [[RejectionCode.OVERLOADED]] * 3
            assert await head_of(opened) == 1
        assert not (await opened.send(issue("after"))).rejections


async def test_the_instant_of_a_transaction_never_goes_back(database_url: str) -> None:
    async with open_ledger(database_url) as opened:
        await opened.send(points())
        first = await opened.send(issue("one"))
        opened.clock.advance(hours=-5)  # type: ignore[attr-defined]
        second = await opened.send(issue("two"))
        assert first.named is not None
        assert second.named is not None
        assert second.named.event.recorded_at == first.named.event.recorded_at


def _name_of(url: str) -> str:
    return url.rpartition("/test_")[0] and "test_" + url.rpartition("/test_")[2].partition("?")[0]


def _break_next_commit(monkeypatch: pytest.MonkeyPatch, url: str, *, commits_first: bool) -> None:
    is_broken = False
    if url.startswith("sqlite"):
        real = RootTransaction.commit

        def commit(self: RootTransaction) -> None:
            nonlocal is_broken
            if is_broken:
                return real(self)
            is_broken = True
            if commits_first:
                real(self)
            else:
                self.rollback()
            raise OSError("the disk went away")

        monkeypatch.setattr(RootTransaction, "commit", commit)
        return
    real_async = AsyncTransaction.commit

    async def commit_async(self: AsyncTransaction) -> None:
        nonlocal is_broken
        if is_broken:
            return await real_async(self)
        is_broken = True
        if commits_first:
            await real_async(self)
        else:
            await self.rollback()
        raise asyncpg.InternalClientError("the connection went away")

    monkeypatch.setattr(AsyncTransaction, "commit", commit_async)


async def _hold_the_head(url: str, holding: asyncio.Event, freed: asyncio.Event) -> None:
    if url.startswith("sqlite"):
        import sqlite3

        raw = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        raw.execute("BEGIN IMMEDIATE")
        holding.set()
        await freed.wait()
        raw.execute("ROLLBACK")
        raw.close()
        return
    connection = await asyncpg.connect(url)
    async with connection.transaction():
        await connection.execute("SELECT * FROM head WHERE ledger = 'main' FOR UPDATE")
        holding.set()
        await freed.wait()
    await connection.close()
