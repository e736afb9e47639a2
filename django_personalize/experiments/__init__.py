"""Who is shown what by lot: buckets that need no table, and the control group of everything personal."""
