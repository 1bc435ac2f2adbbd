"""Somebody who knows the features and pays to change a verdict: what they can do, and a search for the cheapest."""
