"""Public: doubles, a contract class per extension point, and `override_personalize`, for the shop's own tests."""
