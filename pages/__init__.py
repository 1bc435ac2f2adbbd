"""Pages a person reads: what is known of a batch and of an account, as self-contained HTML. No file is read here."""
