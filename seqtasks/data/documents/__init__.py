"""Documents with or without labels, and raw text to learn language from."""
