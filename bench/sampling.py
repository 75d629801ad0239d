"""Where a server's CPU goes: a sampling profile of the running process by py-spy, summed up by room and by function.

Belongs here: running py-spy and reading its collapsed stacks. py-spy is no dependency of the project:
`.venv/bin/uv pip install py-spy`, or give its path.
"""

import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

SAMPLES_PER_SECOND = 250
OUTSIDE = "(outside of app)"
PACKAGES = (
    "app",
    "strawberry",
    "graphql",
    "sqlalchemy",
    "sqlmodel",
    "starlette",
    "uvicorn",
    "websockets",
    "asyncio",
    "concurrent",
    "threading",
)


@dataclass(frozen=True)
class Profile:
    """Shares of all CPU samples. C code (SQLite, uvloop, orjson, hashlib) counts where Python called it."""

    samples: int
    by_package: list[tuple[str, float]]
    by_room: list[tuple[str, float]]
    by_own_function: list[tuple[str, float]]
    by_function_inclusive: list[tuple[str, float]]


def find_py_spy() -> str | None:
    beside = Path(sys.executable).with_name("py-spy")
    return str(beside) if beside.exists() else shutil.which("py-spy")


def start_sampling(py_spy: str, pid: int, seconds: float, output: Path) -> "subprocess.Popen[bytes]":
    command = [
        py_spy,
        "record",
        "--pid",
        str(pid),
        "--duration",
        str(round(seconds)),
        "--format",
        "raw",
        "--nonblocking",
    ]
    command += ["--rate", str(SAMPLES_PER_SECOND), "--output", str(output)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def read_profile(output: Path, top: int = 25) -> Profile:
    packages: Counter[str] = Counter()
    rooms: Counter[str] = Counter()
    own: Counter[str] = Counter()
    inclusive: Counter[str] = Counter()
    for line in output.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [frame.rsplit(":", 1)[0] for frame in stack.split(";")]
        nearest = next((frame for frame in reversed(frames) if "(app/" in frame), OUTSIDE)
        packages[package_of(frames[-1])] += int(count)
        rooms[room_of(nearest)] += int(count)
        own[nearest] += int(count)
        inclusive.update(dict.fromkeys(set(frames), int(count)))
    total = sum(packages.values())
    return Profile(
        samples=total,
        by_package=shares(packages, total, top),
        by_room=shares(rooms, total, top),
        by_own_function=shares(own, total, top),
        by_function_inclusive=shares(inclusive, total, 2 * top),
    )


def package_of(frame: str) -> str:
    path = frame.rpartition("(")[2]
    package = path.split("/", 1)[0]
    return package if package in PACKAGES else "other"


def room_of(frame: str) -> str:
    if frame == OUTSIDE:
        return OUTSIDE
    return frame.rpartition("(")[2].rstrip(")")


def shares(counter: Counter[str], total: int, top: int) -> list[tuple[str, float]]:
    return [(name, count / max(total, 1)) for name, count in counter.most_common(top)]
