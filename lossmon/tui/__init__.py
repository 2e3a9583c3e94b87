"""The screen: thin Textual widgets over pure renderables."""
