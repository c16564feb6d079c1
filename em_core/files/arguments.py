"""The arguments of a command line."""

from __future__ import annotations

import argparse
from typing import NoReturn

INVALID = 2


class Parser(argparse.ArgumentParser):
    """What is wrong with the arguments in one line, as everything else that is wrong."""

    def error(self, message: str) -> NoReturn:
        self.exit(INVALID, f"{self.prog}: {message}; --help says what there is\n")
