"""The Streamlit workbench: one file per page, shared parts in `pages._ui`."""
