"""Paadje: run AI on your own laptop and share it with the class."""

__version__ = "0.1.0"
