"""A phone that asks an app without a network."""

from __future__ import annotations

import asyncio
import json

HOST = "elbo.example:8501"


class Answered:
    def __init__(self, sent):
        start, *bodies = sent
        self.status = start["status"]
        self.headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        self.body = b"".join(part.get("body", b"") for part in bodies)

    @property
    def json(self):
        return json.loads(self.body)


class Phone:
    """Asks an app as a browser would, without a network. address: from where."""

    def __init__(self, app, address="10.0.0.7"):
        self.app = app
        self.address = address

    def ask(self, method, path, body=b"", **headers):
        sent, path = [], path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": path[0],
            "raw_path": path[0].encode(),
            "query_string": path[2].encode(),
            "headers": [(b"host", HOST.encode())]
            + [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
            "client": (self.address, 1234),
        }
        parts = [body[at : at + 1000] for at in range(0, len(body), 1000)] or [b""]

        async def receive():
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}

        async def send(message):
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        return Answered(sent)

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def vote(self, code, body, below="", **headers):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"content_type": "application/json", "origin": f"http://{HOST}"} | headers
        return self.ask("POST", f"{below}/join/{code}/votes", body, **{k: v for k, v in given.items() if v is not None})
