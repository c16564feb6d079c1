"""One schedule from many random starts."""

from ui import page
from ui.starts import sidebar
from ui.starts.session import StartsSession

page.show(StartsSession, sidebar.show)
