"""The use cases: what the TUI and the command line can ask of Paadje.

Every function is synchronous and raises `PaadjeError`. Long ones take ``report`` and ``cancel``.
They hold no state between calls: what is running is found through the state files of the lessons.
"""
