"""Model bundles on disk, atomic writes, plain-data serialization, migration of earlier formats."""
