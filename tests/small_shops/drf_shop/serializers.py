from __future__ import annotations

from rest_framework import serializers

from tests.small_shops.drf_shop.models import Order, Product


class ProductSerializer(serializers.ModelSerializer):
    category = serializers.CharField(source="category.name")

    class Meta:
        model = Product
        fields = ["id", "name", "price", "category"]


class OrderSerializer(serializers.ModelSerializer):
    class Meta:
        model = Order
        fields = ["id", "status", "total"]
