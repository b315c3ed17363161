"""PROGRAM: would the public list of certificates trust this address? Prints yes, no or unknown.

A program of its own, because in ours the system's list has taken the place of Python's, for good.
"""

import sys
from urllib.parse import urlsplit

TIMEOUT_S = 10.0


def ask(url: str) -> str:
    """``no`` when only this computer's own certificates can open the connection."""
    import certifi
    import requests

    try:
        # The list is named, so that no variable of the environment puts another one in its place.
        requests.head(url, timeout=TIMEOUT_S, allow_redirects=False, verify=certifi.where())
    except requests.exceptions.SSLError:
        return "no"
    except requests.RequestException:
        return "unknown"
    return "yes"


if __name__ == "__main__":
    parts = urlsplit(sys.stdin.read().strip())
    sys.stdout.write(ask(f"{parts.scheme}://{parts.netloc}/"))
