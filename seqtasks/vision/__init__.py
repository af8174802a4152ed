"""Pictures out of files, and pixels for a network out of pictures."""
