"""What each panel shows: pure functions from run views to rows. Nothing here knows Textual."""
