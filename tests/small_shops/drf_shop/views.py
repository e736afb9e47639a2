from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate, login
from django.db.models import Sum
from django.shortcuts import get_object_or_404
from django.views.generic import TemplateView
from rest_framework import generics, status
from rest_framework.authentication import SessionAuthentication
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.small_shops.drf_shop import carts
from tests.small_shops.drf_shop.models import Order, Product
from tests.small_shops.drf_shop.serializers import OrderSerializer, ProductSerializer


class App(TemplateView):
    """The same shell for each address; the script in it asks the API."""

    template_name = "drf_shop/app.html"


class Api:
    renderer_classes = [JSONRenderer]
    authentication_classes = [SessionAuthentication]


class ProductList(Api, generics.ListAPIView):
    serializer_class = ProductSerializer

    def get_queryset(self) -> Any:
        return Product.objects.select_related("category").filter(
            name__icontains=self.request.query_params.get("search", "")
        )


class ProductDetail(Api, generics.RetrieveAPIView):
    queryset = Product.objects.select_related("category")
    serializer_class = ProductSerializer


class CartView(Api, APIView):
    def get(self, request: Request) -> Response:
        return Response({"products": [pk for pk, _ in carts.contents(request._request)]})

    def post(self, request: Request) -> Response:
        carts.get_or_new(request._request).products.add(get_object_or_404(Product, pk=request.data["product"]))
        return Response(status=status.HTTP_201_CREATED)


class CartItemView(Api, APIView):
    def delete(self, request: Request, pk: int) -> Response:
        carts.get_or_new(request._request).products.remove(pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Login(Api, APIView):
    def post(self, request: Request) -> Response:
        user = authenticate(request._request, username=request.data["username"], password=request.data["password"])
        if user is None:
            return Response(status=status.HTTP_400_BAD_REQUEST)
        login(request._request, user)
        return Response({"username": user.get_username()})


class Checkout(Api, APIView):
    def post(self, request: Request) -> Response:
        cart = carts.get_or_new(request._request)
        total = cart.products.aggregate(total=Sum("price"))["total"] or 0
        order = Order.objects.create(cart=cart, email=request.data["email"], total=total)
        del request._request.session["cart_id"]
        return Response(OrderSerializer(order).data, status=status.HTTP_201_CREATED)


class Hook(Api, APIView):
    """The payment provider and the warehouse set the status."""

    authentication_classes = []

    def post(self, request: Request, pk: int) -> Response:
        order = get_object_or_404(Order, pk=pk)
        order.status = request.data["status"]
        order.save()
        return Response(OrderSerializer(order).data)
