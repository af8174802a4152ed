"""Examples out of files, and batches out of examples."""
