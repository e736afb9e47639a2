"""From a fresh clone to a personal shop: migrate, load, back-fill, learn, report, serve."""

from __future__ import annotations

import errno
import os
import socket
import sys
import time
from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.urls import reverse

from django_personalize.capture.orders import reconcile
from django_personalize.exceptions import PersonalizeError
from django_personalize.integrations.cookie_consent import create_groups
from django_personalize.management.progress import Progress
from django_personalize.models import ModelVersion
from django_personalize.training.run import train
from example_shop.demo import desk
from example_shop.demo.learning import MeasurementFailed, Measuring
from example_shop.shop.demo_accounts import ADMIN, DEMO_ACCOUNTS
from example_shop.shop.loading import ShopNotEmpty, load
from example_shop.shop.models import Product

SHOWN = "T-Light Holder"
"""The product page that the demo names is that of the best-selling product with this in its name."""


class Command(BaseCommand):
    help = "Builds the example shop with its real orders, learns from them, reports, and serves it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-serve", action="store_true", help="End after the report.")
        parser.add_argument("--retrain", action="store_true", help="Learn again although nothing changed.")
        parser.add_argument("--port", type=int, default=8000, help="Where to serve; 8000 unless told otherwise.")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        if not options["no_serve"]:
            self._free(options["port"])
        try:
            self._build(retrain=options["retrain"])
        except OperationalError as error:
            raise CommandError(
                f"The database could not be written: {error}. Is another demo or server running on it? Stop it, and "
                "run this command again: what is done already is kept."
            ) from error
        except KeyboardInterrupt:
            raise CommandError(
                "Interrupted. Nothing is half done: run the command again and it goes on from here."
            ) from None
        self.stdout.write(f"\nReady after {time.monotonic() - started:.0f} s.")
        if options["no_serve"]:
            return
        self._addresses(options["port"])
        self._serve(options["port"])

    def _free(self, port: int) -> None:
        """Fail now rather than after two minutes of work."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise
                raise CommandError(
                    f"Port {port} is in use or not allowed. Stop what runs there, or choose another: "
                    f"python manage.py demo --port {port + 1 if port < 65535 else 8000}"
                ) from error

    def _build(self, *, retrain: bool) -> None:
        self.stdout.write("Tables ...")
        call_command("migrate", verbosity=0, interactive=False)
        before = self._live()
        outcome = None
        if before is not None and "table" in before.metrics and not retrain:
            outcome = self._load()
            if outcome == "fresh":
                self._read_orders()
                self.stdout.write("The model is there already (--retrain learns again).")
                self._tell(before)
                return
        with Measuring() as measuring:
            if outcome is None:
                self._load()
            self._read_orders()
            version = self._train()
            self.stdout.write("Waiting for the measurement ...")
            try:
                table = measuring.table()
            except MeasurementFailed as error:
                raise CommandError(f"{error}\nThe model is trained; run the command again to measure.") from error
            version.metrics = {**version.metrics, "table": table}
            version.save(update_fields=["metrics"])
        self._tell(version)

    @staticmethod
    def _live() -> ModelVersion | None:
        return ModelVersion.objects.filter(status=ModelVersion.Status.LIVE).first()

    def _tell(self, version: ModelVersion) -> None:
        self.stdout.write(f"\n{version.metrics['table']}\n")
        self.stdout.write(f"Model {version.pk} is {version.status}. {version.verdict}")

    def _load(self) -> str:
        """Load the shop, and say what came of it."""
        try:
            loaded = load(progress=lambda message: self.stdout.write(f"{message} ..."))
        except ShopNotEmpty as error:
            raise CommandError(str(error).replace("--replace", "`manage.py load_shop --replace`")) from error
        self.stdout.write(loaded.text())
        create_groups()
        if made := desk.prepare():
            self.stdout.write(f"Set {made} promotions and rules, to be changed in the admin.")
        return loaded.outcome

    def _read_orders(self) -> None:
        with Progress(self.stdout, "Reading the orders") as progress:
            read = reconcile(progress=progress.update)
        self.stdout.write(
            f"Read {read.orders:,} orders with {read.lines:,} lines; {read.written:,} rows were new or changed."
        )

    def _train(self) -> ModelVersion:
        try:
            with Progress(self.stdout) as progress:
                return train(progress=progress.stage)
        except PersonalizeError as error:
            raise CommandError(str(error)) from error

    def _addresses(self, port: int) -> None:
        base = f"http://127.0.0.1:{port}"
        product = (
            Product.objects.filter(name__icontains=SHOWN, stock__gt=0, is_visible=True)
            .order_by("-times_ordered", "pk")
            .first()
        )
        lines = ["", f"Homepage      {base}/"]
        if product is not None:
            lines.append(f"Product page  {base}{product.get_absolute_url()}")
        lines += [
            f"Admin         {base}/admin/          {ADMIN.username} / {ADMIN.password}",
            "",
            f"Three real customers under invented names. Log in at {base}{reverse('shop:log_in')}",
            "and say yes to the banner, then compare their homepages:",
            *(f"  {each.username:<8} {each.password:<18} {each.taste}" for each in DEMO_ACCOUNTS),
            "",
            "Stop with Ctrl-C.",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()

    def _serve(self, port: int) -> None:
        """Become the server: a fresh process, in which nothing that trains is loaded."""
        os.environ["PYTHONUNBUFFERED"] = "1"
        with suppress(KeyboardInterrupt):
            os.execv(
                sys.executable,
                [sys.executable, sys.argv[0], "runserver", "--noreload", "--skip-checks", f"127.0.0.1:{port}"],
            )
