"""The command line: `rookery serve`, and the commands of the planner."""

import argparse
import importlib
import sys

DEFAULT_APP = "src.app:app"
# The planner's commands: their modules have a `main`, and are imported only when called.
PLANNER = {
    "price": (
        "rookery.cost.pricing",
        "price rendered manifests, or what a change does to the bill",
    ),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command that `arguments` name (those of the process unless given).

    Returns:
        The exit code of the process.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] in PLANNER:
        return _plan(*arguments)
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
    for name, (_, description) in PLANNER.items():
        commands.add_parser(name, help=description)
    return parser


def _plan(name: str, *arguments: str) -> int:
    """Run a command of the planner, if what it needs is installed."""
    try:
        module = importlib.import_module(PLANNER[name][0])
    except ImportError as error:
        needed = f"rookery {name} needs {error.name}: pip install 'rookery[cost]'"
        print(needed, file=sys.stderr)  # noqa: T201  # its answer
        return 2
    command: int = module.main(arguments)
    return command


def _serve(options: argparse.Namespace) -> int:
    from rookery import startup

    startup.end_on_sigterm()
    sys.path.insert(0, "")  # the working directory, as `python -m` and `uvicorn` have it
    with startup.without_garbage_collection():
        startup.import_fastapi()
        from rookery.server import load_app, serve

        app = load_app(options.app)
    return serve(app)
