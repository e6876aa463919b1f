"""Sends a message through the notifiers of the settings."""

from __future__ import annotations

import logging
from typing import Any

from pinterest_pipeline.defaults import notifiers_with

logger = logging.getLogger(__name__)

#: Templates that the message itself does not pass through, so that braces in it are only braces.
SUBJECT, MESSAGE = "{{ health_subject }}", "{{ health_message }}"


def send(subject: str, message: str, context: Any) -> int:
    """Send a message; other classes than SnsNotifier may use ``health_subject`` and ``health_message``.

    :param subject: one line.
    :param message: the text.
    :param context: of the task.
    :returns: through how many notifiers it was sent.
    :raises Exception: of the first notifier, when none could send it.
    """
    notifiers = notifiers_with(subject=SUBJECT, message=MESSAGE)
    errors: list[Exception] = []
    for notifier in notifiers:
        try:
            notifier({**context, "health_subject": subject, "health_message": message})
        except Exception as error:
            # Those who can be told are, and once: another try would tell them again.
            logger.exception("%s could not send", type(notifier).__name__)
            errors.append(error)
    if errors and len(errors) == len(notifiers):
        raise errors[0]
    return len(notifiers) - len(errors)
