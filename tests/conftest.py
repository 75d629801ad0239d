"""Fixtures that every ring may ask for, the order of a run, and what a run says of its seeds and of what it skipped."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import chromium, postgres, seed, volume

# A failing path names the ring: what stands on nothing runs first, what stands on everything runs last.
RINGS = ("domain", "model", "independent", "store", "services", "edges")
WHOLE = ("simulation", "contracts", "browser", "stories", "packaging")


@pytest.fixture(scope="session")
def postgres_cluster() -> postgres.Cluster:
    """The throwaway PostgreSQL cluster of this run."""
    return postgres.shared_cluster()


@pytest.fixture
def postgres_url(postgres_cluster: postgres.Cluster) -> Iterator[str]:
    """The URL of an empty PostgreSQL database that lives as long as the test."""
    with postgres_cluster.fresh_database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of an SQLite file that does not exist yet, in the test's own folder."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database: the test runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param])
    return url


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The path of the machine's Chromium; without one the test is skipped, which in CI is a failure."""
    path = chromium.find_chromium()
    if path is None:
        pytest.skip(f"no Chromium found: install Debian's package chromium or set {chromium.VARIABLE}")
    return path


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Fixes seeds and volume before anything is collected; the first process also names the folder of the cluster."""
    volume.load_hypothesis_profile()
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = seed.choose_seed()
    if not _is_worker(config):
        folder = postgres.shared_folder()
        folder.__enter__()
        config.add_cleanup(lambda: folder.__exit__(None, None, None))
        config.pluginmanager.register(SkipReport(in_ci=bool(os.environ.get("CI"))), "skip-report")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Says how to run exactly this again, and what is missing on this machine."""
    browser = chromium.find_chromium() or "none found, the browser tests are skipped"
    return [
        f"{seed.VARIABLE}={seed.choose_seed()} {volume.VARIABLE}={volume.current_volume()} "
        f"--hypothesis-seed={config.option.hypothesis_seed}",
        f"chromium: {browser}",
    ]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Orders the run from the inner rings outward, SQLite before PostgreSQL, and keeps the browser on one worker."""
    items.sort(key=_place)
    for item in items:
        if _ring(item) == "browser":
            item.add_marker(pytest.mark.xdist_group("browser"))


class SkipReport:
    """Names every skipped test with its reason at the end of a run; in CI one skip fails the run."""

    def __init__(self, *, in_ci: bool) -> None:
        self._in_ci = in_ci
        self._skipped: list[tuple[str, str]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notes a skip; an expected failure is none."""
        if report.skipped and not hasattr(report, "wasxfail"):
            self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Notes a module that skipped itself."""
        if report.skipped:
            self._note(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fails a CI run that skipped something."""
        if self._in_ci and self._skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Prints what was skipped and why."""
        if self._skipped:
            terminalreporter.section("skipped, and in CI that is a failure" if self._in_ci else "skipped")
            for test, reason in self._skipped:
                terminalreporter.line(f"{test}: {reason}", red=self._in_ci, yellow=not self._in_ci)

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        where = report.longrepr
        reason = where[2] if isinstance(where, tuple) else str(where)
        self._skipped.append((report.nodeid, reason.removeprefix("Skipped: ")))


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _place(item: pytest.Item) -> tuple[int, int]:
    ring = _ring(item)
    if ring in WHOLE:
        return 2, WHOLE.index(ring)
    return int(_on_postgresql(item)), RINGS.index(ring) if ring in RINGS else -1


def _ring(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).parts[0]


def _on_postgresql(item: pytest.Item) -> bool:
    if isinstance(item, pytest.Function) and hasattr(item, "callspec") and "database_url" in item.callspec.params:
        return bool(item.callspec.params["database_url"] == "postgresql")
    return "postgres_cluster" in getattr(item, "fixturenames", ())
