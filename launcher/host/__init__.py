"""PROGRAM: supervises one lesson; its control API on loopback."""
