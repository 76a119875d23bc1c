"""What each document contains: a frozen value built from selectors, and from then on the only source of the PDF."""
