"""Files of data whatever is in them: compressed ones, several by one pattern, Parquet."""
