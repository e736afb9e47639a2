"""System checks of the Redis sink: its package and address always, its server with `check --deploy` only."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, Error, Warning

from django_personalize.conf import settings

SINK = "django_personalize.integrations.redis.RedisSink"
SCHEMES = ("redis://", "rediss://", "unix://")
SECONDS = 1.0


@checks.register("personalize")
def check_redis(**kwargs: Any) -> list[CheckMessage]:
    """What can be said without asking the server. Never says the address, which may hold a password."""
    if settings.SINK != SINK:
        return []
    if find_spec("redis") is None:
        found = 'PERSONALIZE["SINK"] is the Redis sink, and the package redis is not installed.'
        return [Error(found, hint='pip install "django-personalize[redis]"', id="personalize.E013")]
    if not isinstance(settings.REDIS, str) or not settings.REDIS.startswith(SCHEMES):
        found = f'PERSONALIZE["REDIS"] is no address of a server; wanted one that begins with {", ".join(SCHEMES)}.'
        return [Error(found, hint='"REDIS": "redis://127.0.0.1:6379/0"', id="personalize.E007")]
    return []


@checks.register("personalize", deploy=True)
def check_redis_server(**kwargs: Any) -> list[CheckMessage]:
    """Whether the server is there, and keeps what it is given."""
    if settings.SINK != SINK or check_redis():
        return []
    from redis import Redis, RedisError

    from django_personalize.integrations.redis import NEVER_AGAIN

    try:
        with Redis.from_url(
            settings.REDIS, socket_connect_timeout=SECONDS, socket_timeout=SECONDS, retry=NEVER_AGAIN
        ) as client:
            told: dict[str, Any] = {**client.info("memory"), **client.info("persistence")}
    except (RedisError, OSError, ValueError) as error:
        found = f'The server that PERSONALIZE["REDIS"] names does not answer ({type(error).__name__}).'
        hint = "Facts go to the spool of each host until it does. To look: redis-cli -u <the address> ping"
        return [Warning(found, hint=hint, id="personalize.W008")]
    return list(_kept(told))


def _kept(told: dict[str, Any]) -> Iterator[CheckMessage]:
    policy = str(told.get("maxmemory_policy", ""))
    if policy.startswith("allkeys"):
        yield Warning(
            f"Redis drops facts that wait when its memory is full: its maxmemory-policy is {policy}.",
            hint="redis-cli config set maxmemory-policy noeviction, and the same in redis.conf. A cache wants another "
            "server: a policy counts for all databases of one.",
            id="personalize.W009",
        )
    if not int(told.get("aof_enabled", 0)):
        yield Warning(
            "Redis forgets facts that wait when it is killed: appendonly is off.",
            hint="redis-cli config set appendonly yes, and the same in redis.conf.",
            id="personalize.W010",
        )
