"""Datasets of every form, damaged in every way at hand; and what must become of each of their rows."""
