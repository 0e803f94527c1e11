from __future__ import annotations

import logging

import pytest
from streamlit.testing.v1 import AppTest


def a_page_that_fails(how: str) -> None:
    import streamlit as st

    from app.boundary import error_boundary
    from lake_access.errors import StorageError

    with error_boundary(reference="0badcafe"):
        st.title("Above")
        if how == "unforeseen":
            raise ZeroDivisionError("a secret in the message")
        if how == "refused":
            raise StorageError("the lake [s3://x](http://y): cannot be reached; check *it*.")
        if how == "stopped":
            st.stop()
    st.caption("Below")


@pytest.mark.parametrize("how", ["unforeseen", "refused"])
def test_a_failure_is_one_sentence_with_a_reference_that_the_log_knows(
    how: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        page = AppTest.from_function(a_page_that_fails, args=(how,)).run()
    assert not page.exception
    assert len(page.error) == 1
    assert "`0badcafe`" in page.error[0].value
    (record,) = [record for record in caplog.records if "0badcafe" in record.getMessage()]
    assert record.exc_info is not None
    assert page.title[0].value == "Above"
    assert page.caption[0].value == "Below"


def test_what_a_refusal_says_is_shown_as_text_and_never_as_markdown() -> None:
    page = AppTest.from_function(a_page_that_fails, args=("refused",)).run()
    assert page.text[0].value == "the lake [s3://x](http://y): cannot be reached; check *it*."
    assert "s3://x" not in page.error[0].value


def test_what_an_unforeseen_failure_says_stays_in_the_log() -> None:
    page = AppTest.from_function(a_page_that_fails, args=("unforeseen",)).run()
    assert not page.text
    assert "secret" not in page.error[0].value
    assert "ZeroDivisionError" not in page.error[0].value


def test_streamlit_can_stop_a_page_within_the_boundary() -> None:
    page = AppTest.from_function(a_page_that_fails, args=("stopped",)).run()
    assert not page.error
    assert not page.caption
