"""Pages made from the schema and from a case."""
