"""Leeward runs a human trafficking response protocol in a community mental health centre."""
