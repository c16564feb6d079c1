"""Coordinate ascent on the bound."""

from ui import page
from ui.ascent import sidebar
from ui.ascent.session import AscentSession

page.show(AscentSession, sidebar.show)
