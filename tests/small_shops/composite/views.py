from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from tests.small_shops.composite.models import Article, Order, OrderPosition


def articles(request: HttpRequest) -> HttpResponse:
    return render(request, "composite/list.html", {"articles": Article.objects.filter(blocked=False)})


def article(request: HttpRequest, supplier: str, number: int) -> HttpResponse:
    found = get_object_or_404(Article, supplier=supplier, number=number, blocked=False)
    return render(request, "composite/article.html", {"article": found})


@require_POST
def put(request: HttpRequest, supplier: str, number: int) -> HttpResponse:
    found = get_object_or_404(Article, supplier=supplier, number=number)
    rows = request.session.get("cart")
    if not isinstance(rows, list):
        rows = []
    if not any(row["article"] == list(found.pk) for row in rows):
        rows.append({"article": list(found.pk), "pieces": 0})
    for row in rows:
        if row["article"] == list(found.pk):
            row["pieces"] = int(request.POST["pieces"])
    request.session["cart"] = [row for row in rows if row["pieces"]]
    return redirect("composite:articles")


@require_POST
def import_list(request: HttpRequest) -> HttpResponse:
    """A list from a spreadsheet stays as it was typed until somebody has looked through it."""
    request.session["cart"] = request.POST["typed"]
    return redirect("composite:articles")


@require_POST
def order(request: HttpRequest) -> HttpResponse:
    placed = Order.objects.create(customer=request.POST["customer"], date=date.today(), state="F")
    for row in request.session.pop("cart", []):
        found = Article.objects.get(pk=tuple(row["article"]))
        OrderPosition.objects.create(
            order=placed, supplier=found.supplier, number=found.number, pieces=row["pieces"], price=found.price
        )
    return redirect("composite:articles")


@require_POST
def state(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Order, pk=pk)
    found.state = request.POST["state"]
    found.save()
    return redirect("composite:articles")
