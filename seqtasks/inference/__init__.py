"""From raw input to results."""
