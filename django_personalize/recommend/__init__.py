"""From a query to a ranking with reasons: numpy over the live model's arrays, and nothing that a web process should
not import.
"""
