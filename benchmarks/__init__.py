"""What the product costs, measured by hand: `make bench`. No test depends on a time."""
