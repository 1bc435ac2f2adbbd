"""What a simulated cohort is held against before a model may learn from it; pure, no file is read or written."""
