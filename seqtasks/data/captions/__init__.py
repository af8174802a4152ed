"""Captioned images: Flickr, COCO, Karpathy splits, tables and JSON lines."""
