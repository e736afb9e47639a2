"""Real shop systems, each set up from its own package and driven through one scripted visit."""
