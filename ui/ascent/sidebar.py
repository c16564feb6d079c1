"""The sidebar of the page of coordinate ascent: that of the EM page."""

from ui.em.sidebar import show

__all__ = ["show"]
