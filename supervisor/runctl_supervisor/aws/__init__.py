"""Signed requests to AWS, with the standard library only."""
