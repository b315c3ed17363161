"""Files that leave Feedback Companion: pure functions from plain values to bytes or text.

Nothing here knows a database, a page or a network. There is no field for a grade, a level or a
score, so none can be exported.
"""
