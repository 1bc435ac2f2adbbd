"""A labelled cohort in the data contract. Pure: a seed and priors in, tables out; nothing is read or written here."""
