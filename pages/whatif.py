"""What if: change the inputs of a case and see what the model answers then."""

import streamlit as st

st.title("What if", anchor=False)
