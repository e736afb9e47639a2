"""A small gift shop: the kind of Django shop that django-personalize is added to."""
