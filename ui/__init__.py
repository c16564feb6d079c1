"""Everything that imports streamlit: session, controls, player, stage."""

import em_core  # noqa: F401  (first of all: it says how many threads NumPy may use)
