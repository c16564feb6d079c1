"""The pictures of dictionary learning: arrays in, plotly figures out."""
