"""Fetching big files: resumable, verified, with room checked first and a part that is kept."""
