"""Images out of files, and pixels out of images."""
