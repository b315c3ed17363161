"""What runs a model: one small file for each engine, and the table of them."""
