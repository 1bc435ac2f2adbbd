"""Features: pure functions from contract tables to one row per account. No file, clock or parameter is read here."""
