"""Labels of documents."""
