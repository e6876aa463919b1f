"""MSK: moto's clusters, completed, with the real broker's address."""
