"""A city that never was: firms, their records and their loans, of which everything is known because it was invented."""
