"""How resources differ from what is wanted: pure functions on described resources, one module a service."""
