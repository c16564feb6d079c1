"""A point or a distribution: the posterior of sparse coding, and what a q that is not it costs."""

from ui import page
from ui.posterior import sidebar
from ui.posterior.session import PosteriorSession

page.show(PosteriorSession, sidebar.show)
