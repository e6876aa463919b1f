"""The replay: refused records and dead letters once more, after what refused them was mended."""
