"""Training. Settings are light to import; the trainer brings torch."""
