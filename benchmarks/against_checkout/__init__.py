"""Speed of this checkout, compared with that of another one."""
