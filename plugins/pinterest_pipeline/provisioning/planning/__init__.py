"""Plans: what is wanted, read beside what is there. Everything here only reads."""
