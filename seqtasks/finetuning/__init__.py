"""Fine-tuning: a trained model learns other data, and keeps what it knew."""
