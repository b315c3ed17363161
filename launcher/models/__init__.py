"""The models on this computer: what is there, what is in them, and where they come from."""
