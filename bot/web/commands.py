"""`cancer-bot serve` and `cancer-bot password`; what they need is imported when they run."""

from typing import Annotated

import typer

from bot.console import say


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; the default can be reached from this machine only.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes any that is free.", min=0, max=65535)] = 7860,
) -> None:
    """Open the web page: a chat beside the article. Runs until it is stopped with Ctrl-C."""
    from bot.settings import read_settings

    settings = read_settings()
    say("Getting ready …")
    from bot.web.server import serve as run

    run(settings, host, port, say=say, tell=lambda address: print(f"Open {address} in a browser. Ctrl-C stops it.", flush=True))


def password(name: Annotated[str, typer.Argument(help="The user's name.")]) -> None:
    """Ask for a password and print the user's line for CANCER_BOT_AUTH_FILE; the password itself is kept nowhere."""
    from bot.web.passwords import user_line

    print(user_line(name, typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)))
