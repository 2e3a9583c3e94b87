"""Ways to tell someone who is not looking: bell, terminal notification, command, notifier URL."""
