"""Captioned videos: from files, or synthesized from captioned images."""
