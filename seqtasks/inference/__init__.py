"""From raw input to results: one pipeline a task."""
