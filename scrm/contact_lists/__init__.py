"""Lists of contacts that are looked at, exported and tagged: put together here, since every app tells a column."""
