"""The shop's forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import BaseUserCreationForm
from django.utils.translation import gettext_lazy as _

from .basket import MOST_OF_ONE
from .models import Order

if TYPE_CHECKING:  # generic for the type checker only
    from django.contrib.auth.models import User

    ModelForm = forms.ModelForm[Order]
    AccountForm = BaseUserCreationForm[User]
else:
    ModelForm, AccountForm = forms.ModelForm, BaseUserCreationForm


class QuantityForm(forms.Form):
    """How many of one product; 0 takes it out of the basket."""

    quantity = forms.IntegerField(min_value=0, max_value=MOST_OF_ONE, required=False)

    def wanted(self, default: int = 1) -> int:
        """The quantity, or the default when none was given or it makes no sense."""
        if not self.is_valid() or self.cleaned_data["quantity"] is None:
            return default
        quantity: int = self.cleaned_data["quantity"]
        return quantity


class CheckoutForm(ModelForm):
    """Where the order goes."""

    class Meta:
        model = Order
        fields = ("email", "name", "address", "city", "postcode", "country")
        labels = {
            "email": _("E-mail address"),
            "name": _("Full name"),
            "address": _("Street and house number"),
            "city": _("Town or city"),
            "postcode": _("Postcode"),
            "country": _("Country"),
        }

    _AUTOCOMPLETE = {
        "email": "email",
        "name": "name",
        "address": "street-address",
        "city": "address-level2",
        "postcode": "postal-code",
        "country": "country-name",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.required = True
            field.widget.attrs["autocomplete"] = self._AUTOCOMPLETE[name]


class RegisterForm(AccountForm):
    """A new account; the e-mail address is what the shop writes to."""

    email = forms.EmailField(label=_("E-mail address"), widget=forms.EmailInput({"autocomplete": "email"}))

    class Meta:
        model = get_user_model()
        fields = ("username", "email")
