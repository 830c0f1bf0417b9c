"""`serve`: the wizard in a browser, on this machine unless told otherwise."""

from __future__ import annotations

from argparse import Namespace
from ipaddress import ip_address

from chatbuilder.cli import output
from chatbuilder.errors import ExitCode, InputError, UsageError


def serve(arguments: Namespace) -> int:
    """Serve the wizard until Ctrl-C."""
    if not (_is_loopback(arguments.host) or arguments.allow_others):
        raise UsageError(
            f"{arguments.host} can be reached from other machines, and nothing is encrypted on the way.",
            title="Not on this machine only", kept="nothing was started.",
            hint="leave out --host and come by an SSH tunnel (`ssh -L 8000:localhost:8000 …`), or add --allow-others.",
        )  # fmt: skip
    try:
        from chatbuilder.cli.browser import WizardServer, serve_until_stopped
    except ImportError:
        raise UsageError(
            "The wizard needs the package textual-serve to be shown in a browser.", title="Not installed",
            kept="everything.", hint="install it: pip install 'chatbuilder[serve]'.",
        ) from None  # fmt: skip
    server = WizardServer(arguments.host, arguments.port, lambda: _tell(server.address))
    try:
        serve_until_stopped(server)
    except OSError as error:
        raise InputError(
            f"Port {arguments.port} of {arguments.host} cannot be used: {error.strerror or error}.",
            title="Cannot serve there", kept="nothing was started.",
            hint="end what uses it, or choose another: `chatbuilder serve --port 8001`.",
        ) from error  # fmt: skip
    return ExitCode.DONE


def _tell(address: str) -> None:
    output.note("The wizard is at the address below; whoever has it can use it as you. Ctrl-C ends it.")
    output.line(address)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"
