"""Readings of the components, one module each, with the names of ``checks``. They change nothing."""
