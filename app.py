"""ELBO Room: the frame that all pages share, and the page that the address names."""

from ui import frame

frame.show().run()
