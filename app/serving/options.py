"""Streamlit's own options, as far as they follow from ours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from lake_access.access_declarations import AccessDeclaration

# Under which names Streamlit keeps a proxy's headers in `st.user` (`server.trustedUserHeaders`).
EMAIL: Final = "email"
GROUPS: Final = "groups"
LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "::1")


def options_of(access: AccessDeclaration, address: str, *, hosts_are_set: bool) -> Sequence[str]:
    """What the command line of `streamlit run` is given beside address and port.

    `hosts_are_set` says that the environment names the hosts, which goes before ours.
    """
    hosts = dict.fromkeys((*LOCAL_HOSTS, address, *access.hosts))
    options = [] if hosts_are_set else [f"--server.allowedHosts={host}" for host in hosts]
    if access.sign_in == "proxy":
        headers = {access.proxy.email_header: EMAIL}
        if access.proxy.groups_header:
            headers[access.proxy.groups_header] = GROUPS
        options.append(f"--server.trustedUserHeaders={json.dumps(headers)}")
    return options
