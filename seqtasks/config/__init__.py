"""Run configurations: reading, checking, listing."""
