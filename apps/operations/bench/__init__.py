"""The table of budgets (design §9): every row measured against a base of its own, in one run on one machine."""
