"""What users ask of outputs in words, as tokens."""
