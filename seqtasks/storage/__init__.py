"""Files that outlive a version."""
