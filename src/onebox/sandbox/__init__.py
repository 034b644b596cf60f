"""A Bot API and a Graph API of one's own, to try a box and to test it with: the protocols, and the trouble, of the real ones."""
