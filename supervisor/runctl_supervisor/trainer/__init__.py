"""The user's program: how it is started, watched and understood, in whatever it runs."""
