"""How much a test does: a little in every run, a lot when somebody asks for a soak. The only place that knows which."""

import os
from typing import Literal

from hypothesis import HealthCheck, settings

VARIABLE = "LEDGER_TEST_VOLUME"
Volume = Literal["ci", "soak"]


def current_volume() -> Volume:
    """Returns the volume named by `LEDGER_TEST_VOLUME`: `ci` unless it says `soak`."""
    name = os.environ.get(VARIABLE, "ci")
    if name == "ci" or name == "soak":
        return name
    raise ValueError(f"{VARIABLE} is {name!r}: it may be 'ci' or 'soak'")


def volume(*, ci: int, soak: int) -> int:
    """Returns how many examples, commands or rounds this run does, for instance `volume(ci=500, soak=20_000)`."""
    return {"ci": ci, "soak": soak}[current_volume()]


def load_hypothesis_profile() -> None:
    """Gives Hypothesis the same two volumes. No deadlines: a shared machine is slow now and then."""
    for name, examples in (("ci", 100), ("soak", 5_000)):
        settings.register_profile(
            name,
            max_examples=examples,
            deadline=None,
            print_blob=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        )
    settings.load_profile(current_volume())
