"""Puts the built pages into wheel and sdist: they are ignored by git, so the build makes them or says why it cannot."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGES = ("index.html", "graphiql.html")


class PagesBuildHook(BuildHookInterface):
    """Builds `frontend_demo` into `app/edges/web` where the pages are missing; an editable install needs none."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Leaves the pages in place for the target that is built, or stops with one sentence."""
        root = Path(self.root)
        if version == "editable" or os.environ.get("LEDGER_NO_WEB") == "1" or _has_pages(root):
            return
        npm = shutil.which("npm")
        if npm is None or not (root / "frontend_demo" / "package.json").exists():
            self.app.abort(
                "The web pages are not built: run './dev setup' first, or install Node 20 with npm, "
                "or set LEDGER_NO_WEB=1 to build a server without them."
            )
            return
        for command in ([npm, "ci"], [npm, "run", "build"]):
            subprocess.run(command, cwd=root / "frontend_demo", check=True)
        if not _has_pages(root):
            self.app.abort("The web pages are not built: 'npm run build' left no app/edges/web/index.html.")


def _has_pages(root: Path) -> bool:
    return all((root / "app" / "edges" / "web" / page).exists() for page in PAGES)
