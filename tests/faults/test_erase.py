"""An erase that is killed at any step is repeated, and leaves nothing; a deletion in the shop is made up for."""

from __future__ import annotations

import json

import pytest

from tests.faults.test_failpoints import env, killed
from tests.processes import run

__all__ = ["env"]
FILL = """
import json
import django; django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
from django_personalize.conf import settings
from tests.privacy.canaries import person, told
call_command("migrate", run_syncdb=True, verbosity=0)
User.objects.create_user("somebody-else")
user = User.objects.create_user("somebody")
me = person(str(user.pk))
settings.sink.write([told(me.pk) for _ in range(5)])
settings.sink.drain()
settings.sink.write([told(me.pk) for _ in range(5)])
settings.sink.spool.rotate()
print(json.dumps([str(user.pk), me.pk.hex, me.browser.hex]))
"""
ERASE = """
import sys
import django; django.setup()
from django_personalize.privacy.erase import erase
from django_personalize.privacy.person import of_account
erase(of_account(sys.argv[1]))
"""
DELETE = """
import sys
import django; django.setup()
from django.contrib.auth.models import User
User.objects.get(pk=sys.argv[1]).delete()
"""
SWEEP = """
import django; django.setup()
from django_personalize.privacy.departed import sweep_accounts
print(sweep_accounts())
"""
LEFT = """
import json
import django; django.setup()
from django_personalize.conf import settings
from django_personalize.events.intake import account
from tests.privacy.canaries import dump, marks_in
settings.sink.drain()
spool = b"".join(path.read_bytes() for path in settings.SPOOL.iterdir())
print(json.dumps([dump() + spool.decode("latin-1"), account().difference]))
"""


def left(env: dict[str, str], *ids: str) -> list[str]:
    """Which of these stand anywhere, and what the sum of what came in lacks."""
    text, difference = json.loads(run(LEFT, env))
    # Two lines were put aside, and one answer into the ledger, by hand: they never came in.
    assert difference == -2
    return [each for each in ids if each in text]


@pytest.mark.parametrize("failpoint", ["erase_marked", "erase_scrubbed", "before_commit", "erase_done"])
def test_an_erase_killed_at_any_step_is_repeated_and_leaves_nothing(env: dict[str, str], failpoint: str) -> None:
    account, visitor, browser = json.loads(run(FILL, env))
    killed(ERASE, env, failpoint, account)
    run(["personalize_erase", "--user", account, "--noinput"], env)
    assert left(env, visitor, browser) == []


@pytest.mark.parametrize("failpoint", ["erase_marked", "erase_scrubbed", "before_commit"])
def test_whoever_the_shop_deleted_before_a_kill_is_erased_by_the_sweep(env: dict[str, str], failpoint: str) -> None:
    account, visitor, browser = json.loads(run(FILL, env))
    killed(DELETE, env, failpoint, account)
    assert run(SWEEP, env) == "1\n"
    assert left(env, visitor, browser) == []


def test_the_purge_does_the_sweep_too(env: dict[str, str]) -> None:
    account, visitor, browser = json.loads(run(FILL, env))
    killed(DELETE, env, "erase_marked", account)
    run(["personalize_purge"], env)
    assert left(env, visitor, browser) == []
