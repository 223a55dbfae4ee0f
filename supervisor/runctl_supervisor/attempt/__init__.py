"""The supervisor itself: the loop of one attempt, from the first look to the last publication."""
