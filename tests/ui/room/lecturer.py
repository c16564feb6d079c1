"""A lecturer with a page and a room, without a browser."""

from __future__ import annotations

from importlib import import_module

from tests.ui.room.asked import voter
from tests.ui.test_lesson_page import act, told
from ui.room.desk import Hosting
from ui.room.memory import Memory


class Lecturer:
    """A lecturer with a page and a room."""

    def __init__(self, session, store=None):
        self.store = Memory() if store is None else store
        self.session = session
        session.hosting = Hosting(lambda: self.store)
        self.show()

    def show(self):
        self.session.settle()
        self.session.player.room = self.session.room()
        self.message = told(self.session)
        return self

    @property
    def room(self):
        return self.message["room"]

    def do(self, deed, **said):
        act(self.session, act=deed, **said)
        return self.show()

    def opened(self, hands=False):
        return self.do("room.open", hands=hands)

    def on(self, **said):
        return self.do("room.on", of=self.room["turn"], **said)

    def vote(self, count, option):
        """So many phones say the same in every part."""
        room = self.store.read(self.room["code"])
        choices = {part.id: part.options[option % len(part.options)].id for part in room.question.parts}
        for number in range(count):
            self.store.vote(room.code, voter(number), room.ballot, choices)

    @property
    def frames(self):
        """How many the browser holds."""
        return self.message["first"] + len(self.message["frames"])


def on_page(page, steps=1):
    """A page whose reader has made so many steps."""
    session = getattr(import_module(f"ui.{page}.session"), f"{page.capitalize()}Session").opened({})
    session.run.reopen()
    session.run.advance(steps)
    session.player.go(steps)
    return session


def lecturing(page="em", steps=1, hands=False):
    return Lecturer(on_page(page, steps)).opened(hands)
