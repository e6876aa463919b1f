"""What the pipeline's cleaning and queries must give, worked out a second time without Spark or its code."""

from tests.reference.cleaning import expected_clean
from tests.reference.results import expected_results

__all__ = ["expected_clean", "expected_results"]
