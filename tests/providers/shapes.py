"""Anything a gateway might answer with."""

from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
CODES = st.sampled_from([200, 202, 204, 301, 302, 400, 401, 402, 403, 404, 408, 409, 429, 500, 502, 599])
