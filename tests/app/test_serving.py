"""How the dashboard is served, as .streamlit/config.toml says."""

from __future__ import annotations

import tomllib
from pathlib import Path

from streamlit import config

ROOT = Path(__file__).parents[2]
WRITTEN = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


def test_the_dashboard_listens_on_this_machine_alone() -> None:
    assert WRITTEN["server"]["address"] == "127.0.0.1"
    assert set(WRITTEN["server"]["allowedHosts"]) == {"localhost", "127.0.0.1"}


def test_requests_from_other_pages_are_refused() -> None:
    assert WRITTEN["server"]["enableXsrfProtection"] is True
    assert WRITTEN["server"]["enableCORS"] is True


def test_nothing_is_told_to_anybody_about_the_use() -> None:
    assert WRITTEN["browser"]["gatherUsageStats"] is False


def test_no_run_of_a_script_waits_for_a_collection_of_the_whole_heap() -> None:
    # With it, the status in the sidebar took 120 ms of a core every four seconds for each open tab; without, 4 ms.
    assert WRITTEN["runner"]["postScriptGC"] is False


def test_errors_and_tables_leave_the_server_only_through_the_pages() -> None:
    assert WRITTEN["client"]["showErrorDetails"] == "none"
    assert WRITTEN["client"]["disableDataExport"] is True


def test_every_option_is_one_that_streamlit_knows() -> None:
    known = set(config.get_config_options())

    def options(table: dict[str, object], prefix: str = "") -> set[str]:
        found = set()
        for name, value in table.items():
            found |= options(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}"}
        return found

    assert options(WRITTEN) <= known


def test_no_page_writes_html_of_its_own() -> None:
    for script in (*ROOT.glob("pages/**/*.py"), *ROOT.glob("app/**/*.py")):
        text = script.read_text(encoding="utf-8")
        assert "unsafe_allow_html" not in text, script
        # One stylesheet of ours is all that is not Streamlit's own.
        assert "st.html" not in text.replace('st.html(ROOT / "app" / "looks.css")', ""), script
        assert "plotly.express" not in text, script
