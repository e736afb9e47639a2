from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from django_personalize.exceptions import PersonalizeError
from example_shop.demo.learning import measure


class Command(BaseCommand):
    help = "Holds out the last 30 days of the loaded orders and prints how well each model foretells them."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(measure().table())
        except PersonalizeError as error:
            raise CommandError(str(error)) from error
