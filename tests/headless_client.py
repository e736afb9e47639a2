"""The other shop: a process that knows Python's standard library and the documented client, and nothing of Django.

    python headless_client.py <client.py> <base> <plan.json>

Sends what the plan says and prints one line of JSON for every answer, as soon as it has it.
"""

import json
import os
import runpy
import sys
from pathlib import Path

client, base, plan_file = sys.argv[1:]
plan = json.loads(Path(plan_file).read_text())
shop = runpy.run_path(client)["Personalize"](base, os.environ["PERSONALIZE_KEY"], waits=(0.2,) * 200)


def say(what: str, *answer: object) -> None:
    print(json.dumps([what, *answer]), flush=True)  # noqa: T201


for visitor in plan["visitors"]:
    say("answer", shop.events(visitor, []))
say("catalogue", *shop.catalogue(plan["feed"], plan["products"]))
for number in range(0, len(plan["events"]), plan["events_at_once"]):
    part = plan["events"][number : number + plan["events_at_once"]]
    for visitor in plan["visitors"]:
        own = [each["event"] for each in part if each["visitor"] == visitor["id"]]
        say("events", [each["id"] for each in own], shop.events(visitor, own, device="mobile"))
for number in range(0, len(plan["orders"]), plan["orders_at_once"]):
    part = plan["orders"][number : number + plan["orders_at_once"]]
    say("orders", [each["id"] for each in part], *shop.orders(part))
assert "django" not in sys.modules
