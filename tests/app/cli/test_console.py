"""What commands print: text that cannot steer a terminal, JSON in UTF-8, bars for those who wait."""

from __future__ import annotations

import json

import pytest

from app.cli.console import Output, fail, printable, progress_bar
from tests.app.cli.running import on_terminal


def test_text_of_every_language_is_printed_as_it_is() -> None:
    assert printable("Köln, 東京 – “Ω”") == "Köln, 東京 – “Ω”"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b]0;title\x07b", "a\\x1b]0;title\\x07b"),
        ("two\nlines", "two\\nlines"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\x9b2J", "\\x9b2J"),
        ("\udcff", "\\udcff"),
    ],
)
def test_what_steers_a_terminal_or_hides_in_it_is_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_json_is_one_line_of_utf_8_and_no_words(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    Output(as_json=True).result({"file": "Köln\udcff\n"}, "a sentence")

    out, err = capfdbinary.readouterr()
    assert json.loads(out.decode("utf-8")) == {"file": "Köln\udcff\n"}
    assert (out.count(b"\n"), err) == (1, b"")


def test_words_are_for_those_who_asked_for_no_json(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=False).result({"file": "x"}, "a sentence", "another")

    assert capsys.readouterr().out == "a sentence\nanother\n"


def test_a_failure_may_have_several_lines(capsys: pytest.CaptureFixture[str]) -> None:
    fail("2 rows:\n  [red]one[/red]\n  :smile:")

    assert capsys.readouterr().err == "leadlake: 2 rows:\n  [red]one[/red]\n  :smile:\n"


def test_a_bar_draws_nothing_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.cli.console.SECONDS_WITHOUT_BAR", 0)
    with progress_bar("Building", "lines", 10) as bar:
        bar.advance(5)

    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


SLOW = """
import time
from app.cli import console
console.SECONDS_WITHOUT_BAR = {wait}
with console.progress_bar("Building events", "lines", 1000) as bar:
    bar.advance(400)
    time.sleep(0.3)
    bar.show("Building leads")
    time.sleep(0.3)
console.note("done")
"""


def test_who_waits_sees_how_much_is_done_of_how_much_and_what_is_done_now() -> None:
    shown = on_terminal(SLOW.format(wait=0.0), columns=100)

    assert "400 of 1,000 lines" in shown
    assert "Building leads" in shown
    assert shown.endswith("done\n")


def test_who_does_not_wait_sees_no_bar() -> None:
    assert on_terminal(SLOW.format(wait=5.0), columns=100) == "done\n"
