from __future__ import annotations

from django.views.generic import DetailView, ListView

from .models import Accessory, Phone


class PhoneList(ListView):
    """The front page, and the answer to a search."""

    template_name = "shop/phones.html"
    paginate_by = 24

    def get_queryset(self):
        return Phone.objects.filter(is_active=True, name__icontains=self.request.GET.get("q", "")).order_by("name")


class PhonePage(DetailView):
    template_name = "shop/phone.html"
    queryset = Phone.objects.filter(is_active=True)

    def get_context_data(self, **kwargs):
        return super().get_context_data(variants=self.object.variants.order_by("pk"), **kwargs)


class AccessoryPage(DetailView):
    template_name = "shop/accessory.html"
    queryset = Accessory.objects.filter(is_active=True)
