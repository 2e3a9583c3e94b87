"""Experiments that need a training framework; nothing of the product imports them."""
