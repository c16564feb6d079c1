"""EM, step by step."""

from ui import page
from ui.em import sidebar
from ui.em.session import EmSession

page.show(EmSession, sidebar.show)
