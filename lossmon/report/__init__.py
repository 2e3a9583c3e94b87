"""A run as text, JSON, Markdown, HTML or CSV."""
