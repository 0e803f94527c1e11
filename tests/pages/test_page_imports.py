"""What a page imports, since every reader waits for it after a restart."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEVER = {"evidently", "mlflow", "shap", "sklearn", "skops", "scipy", "statsmodels", "matplotlib", "apprise"}
# Runs a page as its reader's first request does, and says what stands in memory then.
RUN = """
import json, sys
from streamlit.testing.v1 import AppTest
page = AppTest.from_file(sys.argv[1], default_timeout=60)
page.switch_page(sys.argv[2])
page.run()
assert not page.exception and not page.error, [*page.exception, *page.error]
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.mark.parametrize("script", sorted(path.name for path in (ROOT / "pages").glob("[!_]*.py")))
def test_no_page_imports_what_only_jobs_need(script: str, calls_home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(ROOT / "app" / "main.py"), f"../pages/{script}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={
            "LEADLAKE_HOME": str(calls_home),
            "PYTHONPATH": str(ROOT),
            "PATH": "/usr/bin:/bin",
            "HOME": str(calls_home),
        },
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert set(json.loads(done.stdout.splitlines()[-1])) & NEVER == set()
