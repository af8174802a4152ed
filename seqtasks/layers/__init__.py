"""Layers that encoders, decoders and models are built of: modules and functions of tensors, batch first."""
