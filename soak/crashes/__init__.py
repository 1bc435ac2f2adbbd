"""Kill -9, full and forbidden disks, two runs at once, tracking stores that are not there: what is left and said."""
