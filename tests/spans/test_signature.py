"""Error signatures: what varies between occurrences folds, what tells causes apart stays."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalyst_sdk.spans import fold_signature

FOLDED = {
    "HTTP 404 from https://api.x.io/v1/orders/77?q=2": "HTTP <n> from <url>",
    "Order #W123 not found for user mia_li_3668": "Order #<n> not found for user <n>",
    "KeyError: 'user_42'": "KeyError: <str>",
    'no column "total" in `orders`': "no column <str> in <str>",
    "[Errno 2] No such file: /home/ann/data/x.csv": "[Errno <n>] No such file: <path>",
    "cannot open C:\\Users\\ann\\x.txt": "cannot open <path>",
    "timeout after 30.5s at 2024-05-01T10:11:12.123Z": "timeout after <n> at <time>",
    "not available on date 2024-05-16": "not available on date <time>",
    "job 123e4567-e89b-12d3-a456-426614174000 died": "job <id> died",
    "object at 0x7f3a1c": "object at <id>",
    "total is 1,234.56, but paid $250": "total is <n>, but paid <n>",
    "rows [1, 2, 3] are bad": "rows [<n>] are bad",
    "fields 'a', 'b' and 'c' are bad": "fields <str> are bad",
    "mail to ann@example.com bounced": "mail to <email> bounced",
    "Connection to 10.0.0.1:5432 refused": "Connection to <n> refused",
    "  many\n\n  blanks ": "many blanks",
    "It's the user's and/or admin's fault": "It's the user's and/or admin's fault",
    "": "",
}


@pytest.mark.parametrize("message", FOLDED)
def test_a_message_folds_to_its_signature(message: str) -> None:
    assert fold_signature(message) == FOLDED[message]


@given(
    st.integers(0, 10**12), st.text("0123456789abcdef", min_size=12, max_size=12), st.floats(0, 1e9)
)
def test_numbers_and_ids_do_not_split_a_cause(number: int, tail: str, share: float) -> None:
    message = f"order {number} (ref a1{tail}) failed after {share:.3f} s"
    assert fold_signature(message) == "order <n> (ref <n>) failed after <n> s"


@given(st.text())
def test_folding_is_bounded_and_leaves_no_digits_of_a_number(text: str) -> None:
    folded = fold_signature(text)
    assert len(folded) <= 500
    assert not re.search(r"(?<![\w<])\d+(?!\w)", folded, re.ASCII)


@pytest.mark.timeout(20)
def test_hostile_messages_fold_in_linear_time() -> None:
    units = ("/a", "a/", '"', "'a", "1-", "a1", "<n>", "<n>,", "a@", "a.b@c.", "0x", ": 1", "//")
    for unit in units:
        assert len(fold_signature(unit * 100_000)) <= 500
