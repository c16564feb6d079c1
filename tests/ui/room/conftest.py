"""Each theorem of the protocol is held to by every store."""

import pytest

from tests.redis_server import RedisServer
from ui.room.memory import Memory
from ui.room.shared import Redis


@pytest.fixture(scope="session")
def redis_server():
    server = RedisServer()
    yield server
    server.kill()


@pytest.fixture
def redis_url(redis_server):
    """Nothing is in it."""
    redis = Redis(redis_server.url)
    redis._redis.flushall()
    redis._redis.close()
    return redis_server.url


@pytest.fixture(params=["memory", "redis"])
def make(request):
    """What makes a store; more than one shares its rooms where the store is Redis."""
    if request.param == "memory":
        yield Memory
        return
    url, made = request.getfixturevalue("redis_url"), []

    def redis(**settings):
        made.append(Redis(url, **settings))
        return made[-1]

    yield redis
    for each in made:
        each._redis.close()


@pytest.fixture
def store(make):
    return make()
