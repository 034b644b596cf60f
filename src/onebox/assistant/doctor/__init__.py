"""Whether a kit works as it is installed: each fault with its place and its mend."""
