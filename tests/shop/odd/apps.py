from django.apps import AppConfig


class OddConfig(AppConfig):
    name = "tests.shop.odd"
    label = "odd"
    default_auto_field = "django.db.models.BigAutoField"
