"""Dictionary learning."""

from ui import page
from ui.dictionary import sidebar
from ui.dictionary.session import DictionarySession

page.show(DictionarySession, sidebar.show)
