"""Numbers, names and sentences for people, for the report and the terminal alike."""
