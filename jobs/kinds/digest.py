"""The job `digest`: how the week went, as a letter with pictures to the channels that are e-mail, or to those named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs.kind import JobKind, JobTask, Parameter
from lake_access.permissions import Action


def _run(task: JobTask, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    from jobs.digest_sending import send_digest

    asked = parameters.get("channels") or []
    sent = send_digest(task.settings, [each for each in asked if each], task.actor, task.now, task.progress)
    for message in sent:
        task.log(f"{message.channel}: {message.error or message.state}")
    return {message.channel: message.state for message in sent}


CHANNELS = Parameter(
    "channels", "Channels", list, help="Names with commas between; without any, every channel that is e-mail."
)
DIGEST = JobKind("digest", "Send the digest", Action.MANAGE_ALERTS, _run, (CHANNELS,))
