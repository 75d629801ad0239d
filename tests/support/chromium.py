"""Where the browser is: the machine's own Chromium or Chrome, never one that a test tool downloads."""

import os
import shutil

VARIABLE = "LEDGER_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome")

# As root there is no sandbox to be had; the rest keeps the browser from calling home.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str | None:
    """Returns the path of the browser: what `LEDGER_CHROMIUM` names, else the first that is installed, else None."""
    if named := os.environ.get(VARIABLE):
        return shutil.which(named)
    return next((path for name in NAMES if (path := shutil.which(name))), None)
