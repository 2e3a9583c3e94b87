"""What the points mean: one statistic or detector a file; `analyzer` composes them."""
