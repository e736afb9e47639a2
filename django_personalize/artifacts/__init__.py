"""Learnt arrays on disk: published whole, verified when loaded, promoted and rolled back by one row. Items only,
never people.
"""
