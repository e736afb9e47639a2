from __future__ import annotations

from rest_framework import serializers

from .models import Accessory, PhoneVariant


class PhoneVariantSerializer(serializers.ModelSerializer):
    class Meta:
        model = PhoneVariant
        fields = ["name", "code", "color"]


class AccessorySerializer(serializers.ModelSerializer):
    class Meta:
        model = Accessory
        fields = ["name", "code"]
