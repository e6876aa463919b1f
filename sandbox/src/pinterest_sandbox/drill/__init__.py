"""The pipeline broken on purpose while it runs: what of that is seen, told, healed and lost."""
