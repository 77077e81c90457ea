"""The command line: `rookery serve`."""

import argparse
import sys

DEFAULT_APP = "src.app:app"


def main(arguments: list[str] | None = None) -> int:
    """Run the command that `arguments` name (those of the process unless given).

    Returns:
        The exit code of the process.
    """
    options = _parser().parse_args(arguments)
    command: int = options.run(options)
    return command


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="rookery", description="A FastAPI service chassis.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser(
        "serve", help="serve an application; settings come from ROOKERY_* variables"
    )
    serve.add_argument("app", nargs="?", default=DEFAULT_APP, help="MODULE:ATTRIBUTE (%(default)s)")
    serve.set_defaults(run=_serve)
    return parser


def _serve(options: argparse.Namespace) -> int:
    from rookery import startup

    startup.end_on_sigterm()
    sys.path.insert(0, "")  # the working directory, as `python -m` and `uvicorn` have it
    with startup.without_garbage_collection():
        startup.import_fastapi()
        from rookery.server import load_app, serve

        app = load_app(options.app)
    return serve(app)
