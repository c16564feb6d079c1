"""A page with faults, one in each place where a script can have one."""

import streamlit as st


def fall():
    raise KeyError("secret")


def add():
    st.session_state.made += 1


st.session_state.setdefault("made", 0)
st.text(f"made {st.session_state.made}")
st.button("Add", on_click=add)
st.button("Callback", on_click=fall)
if st.button("Script"):
    fall()


@st.fragment
def part():
    if st.button("Fragment"):
        fall()


part()
