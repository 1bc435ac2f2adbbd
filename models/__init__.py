"""Split, classifier, calibration, thresholds, explanation and evaluation. Pure: no file, clock or tracking here."""
