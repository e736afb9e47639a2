"""Small shops of the kinds that are found in the wild, each an app of its own that knows nothing of personalisation.

What makes a shop personal is outside its code: `personal.py` (the setting), `urls_personal.py` (two lines) and one
template in `personal_templates/`. `visit.py` is what a shopper does there and what must be recorded of it.

The shops have no migrations: their tables are made with the test database, before those of apps that have. So a foreign
key to such an app (the user, the site) carries `db_constraint=False`, and since all shops share one project, a
`related_name` that clashes with no other's. Neither is found in a real shop.
"""
