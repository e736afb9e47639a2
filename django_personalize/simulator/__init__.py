"""Shops with known truth: the tastes of their shoppers may be read by a scorer and never by a learner."""
