"""One seed for everything random in a run, printed in the header, so that any failure can be run again as it was."""

import os
import random

VARIABLE = "LEDGER_TEST_SEED"


def choose_seed() -> int:
    """Returns the seed of this run, drawn when `LEDGER_TEST_SEED` is unset; child processes inherit it."""
    os.environ.setdefault(VARIABLE, str(random.SystemRandom().randrange(2**32)))
    return current_seed()


def current_seed() -> int:
    """Returns the seed of this run."""
    return int(os.environ[VARIABLE])


def seeded(name: str) -> random.Random:
    """Returns a random source of its own for `name`, the same in every run with the same seed."""
    return random.Random(f"{current_seed()}:{name}")
