"""What importing takes that a page needs, in a process that has imported nothing yet."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.measuring import Spread, spread

ROOT = Path(__file__).parent.parent
# Served with every page.
ENTRIES = ("app/server.py", "app/main.py")
PAGES = tuple(sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "pages").glob("[!_]*.py")))
_RUN = """
from time import perf_counter
begun = perf_counter()
{imports}
print(perf_counter() - begun)
"""


def measure_imports(pages: tuple[str, ...], repetitions: int) -> dict[str, Spread]:
    """Seconds by page: all that the server's entries and the page's file import, with what that imports."""
    return {page: spread(_seconds(page) for _ in range(repetitions)) for page in pages}


def import_statements(file: Path) -> Iterator[str]:
    """The import statements at the top of a file, but those that change how it is read."""
    for statement in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Import | ast.ImportFrom) and getattr(statement, "module", "") != "__future__":
            yield ast.unparse(statement)


def _seconds(page: str) -> float:
    imports = "\n".join(line for file in (*ENTRIES, page) for line in import_statements(ROOT / file))
    done = subprocess.run(
        [sys.executable, "-c", _RUN.format(imports=imports)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(done.stdout.splitlines()[-1])
