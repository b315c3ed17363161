"""What the gateway tells an app about a request. The gateway removes these headers from outside."""

GATEWAY_KEY_HEADER = "x-paadje-key"
"""The secret that only this lesson's gateway knows; without it an app answers 403."""

STUDENT_HEADER = "x-paadje-student"
"""The student's identifier within this lesson: 22 characters, base64url, never shown to anyone."""

NICKNAME_HEADER = "x-paadje-nickname"
"""The given nickname, percent-encoded UTF-8."""

LANGUAGE_HEADER = "x-paadje-lang"
"""nl or en."""

APP_PREFIX = "/a/"
"""The gateway serves app ``<id>`` under ``/a/<id>/``; apps use relative links only."""
