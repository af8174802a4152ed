"""How the cost of translation and of training scales."""
