"""MAP inference in sparse coding."""

from ui import page
from ui.map import sidebar
from ui.map.session import MapSession

page.show(MapSession, sidebar.show)
