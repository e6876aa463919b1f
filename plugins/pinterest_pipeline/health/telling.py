"""Sends a message through the notifiers of the settings."""

from __future__ import annotations

from typing import Any

from pinterest_pipeline.defaults import notifiers_with

#: Templates that the message itself does not pass through, so that braces in it are only braces.
SUBJECT, MESSAGE = "{{ health_subject }}", "{{ health_message }}"


def send(subject: str, message: str, context: Any) -> int:
    """Send a message; other classes than SnsNotifier may use ``health_subject`` and ``health_message``.

    :param subject: one line.
    :param message: the text.
    :param context: of the task.
    :returns: through how many notifiers it was sent.
    """
    notifiers = notifiers_with(subject=SUBJECT, message=MESSAGE)
    for notifier in notifiers:
        notifier({**context, "health_subject": subject, "health_message": message})
    return len(notifiers)
