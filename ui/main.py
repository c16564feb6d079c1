"""The script that Streamlit runs for every reader: the frame, and in it the page that the address names."""

from ui import ahead, frame

ahead.wait()
frame.show().run()
