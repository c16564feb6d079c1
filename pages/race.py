"""Several schedules from one start, side by side."""

from ui import page
from ui.race import sidebar
from ui.race.session import RaceSession

page.show(RaceSession, sidebar.show)
