"""The second graph: what can be said against the cohort and the model trained on it. One module a stage."""
