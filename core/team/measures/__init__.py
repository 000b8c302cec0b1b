"""What is measured of persons, model and both together: one measure in each file."""
