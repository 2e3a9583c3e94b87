"""The commands, one a file; heavy imports stay inside the command that needs them."""
