"""The README and the guides do what they say: their commands are run as they stand, their tables are complete."""

import json
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from app.settings import Settings
from tests.stories.program import ROOT, SECONDS_MAX, environment

README = (ROOT / "README.md").read_text()
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)


def block(*words: str) -> str:
    """The one block of commands with these words."""
    (found,) = (each for each in BLOCKS if all(word in each for word in words))
    return str(found)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as a clone looks to who stands in it, in which nothing of the clone can be spoiled."""
    for name in (".venv", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's commands need curl")
def test_your_own_ledger(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    settings = {key: value for key, value in environment("").items() if key != "LEDGER_DATABASE_URL"}
    settings["LEDGER_PORT"] = port
    server = subprocess.Popen(
        ["bash", "-c", f"exec {block('entitlement-ledger serve')}"],
        cwd=folder,
        env=settings,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        assert any("Ctrl+C" in line for line in server.stdout)
        answers = [json.loads(answer) for answer in bash(block("ask()").replace(":8000", f":{port}"), folder, settings)]
        assert len(answers) == 4
        assert not any("errors" in answer for answer in answers), answers
        assert answers[-1]["data"]["customer"]["balances"] == [{"typeCode": "POINTS", "available": "50"}]
    finally:
        server.terminate()
        server.communicate(timeout=SECONDS_MAX)
    imported, verified = bash(block("import", "verify"), folder, settings)
    assert "496 issued, 0 consumed, 0 replayed, 4 skipped" in imported
    assert verified.startswith("Verified 499 events")


def test_every_setting_is_in_the_table_with_its_default() -> None:
    rows = re.findall(r"^\| `(LEDGER_[A-Z_]+)` \| (\S+) \| .+ \|$", CONFIGURATION, re.MULTILINE)
    assert [name for name, _ in rows] == [f"LEDGER_{name.upper()}" for name in Settings.model_fields]
    for (name, shown), field in zip(rows, Settings.model_fields.values(), strict=True):
        default = {None: "none", (): "`[]`"}.get(field.default, f"`{field.default!s}`")
        assert shown.lower() == default.lower(), name


def bash(script: str, folder: Path, settings: dict[str, str]) -> list[str]:
    """What the commands print, line by line; each must succeed."""
    completed = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", re.sub(r"^ask .*$", r"\g<0>; echo", script, flags=re.MULTILINE)],
        cwd=folder,
        env=settings,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
    )
    assert completed.returncode == 0, completed
    return [line for line in completed.stdout.splitlines() if line]
