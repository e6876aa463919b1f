"""Judgements, one module a component: pure functions over small readings."""
