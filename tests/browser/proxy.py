"""A way to a server that can be cut, for the tests of what a reader sees then."""

import contextlib
import socket
import threading


class Proxy:
    """Passes every connection on to a port of this machine, until it is cut; listens on `port`."""

    def __init__(self, to):
        self.to, self.open, self.pairs = to, True, set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):  # closed
            while True:
                near, _ = self.listener.accept()
                if not self.open:
                    near.close()
                    continue
                try:
                    pair = near, socket.create_connection(("127.0.0.1", self.to))
                except ConnectionError:  # nobody is there now
                    near.close()
                    continue
                self.pairs.add(pair)
                for source, target in (pair, pair[::-1]):
                    threading.Thread(target=self._pass, args=(source, target, pair), daemon=True).start()

    def _pass(self, source, target, pair):
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                target.sendall(chunk)
        self._end(pair)

    def _end(self, pair):
        for end in pair:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self.pairs.discard(pair)

    def cut(self, stay=False):
        """End all connections; `stay`: and take no new ones until `mend`."""
        self.open = not stay
        for pair in list(self.pairs):
            self._end(pair)

    def mend(self):
        self.open = True

    def close(self):
        self.listener.close()
        self.cut(stay=True)
