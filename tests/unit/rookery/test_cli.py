"""The command line explains itself, and refuses what it does not know."""

import subprocess
import sys

import pytest

from rookery import cli


def test_help(capsys):
    """`--help` lists the commands."""
    with pytest.raises(SystemExit) as end:
        cli.main(["--help"])

    assert 0 == end.value.code
    assert "serve" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["fly"], ["serve", "a", "b"]])
def test_unknown_arguments(capsys, arguments):
    """What is no command is exit code 2 and a usage line."""
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)

    assert 2 == end.value.code
    assert "usage: rookery" in capsys.readouterr().err


def test_planner_is_imported_late():
    """What serves does not pay for the planner: neither its modules nor what they need."""
    code = (
        "import sys; from rookery import cli; cli._parser().parse_args(['serve'])\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('numpy', 'pyarrow', 'yaml')"
        " or name.startswith('rookery.cost')])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]\n" == run.stdout


def test_planner_without_its_extra(capsys, monkeypatch):
    """Without the extra, one sentence says what to install."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    for name in [name for name in sys.modules if name.startswith("rookery.cost.")]:
        monkeypatch.delitem(sys.modules, name)

    assert 2 == cli.main(["price", "x.yaml"])
    assert "rookery price needs yaml: pip install 'rookery[cost]'\n" == capsys.readouterr().err


def test_planner_is_listed(capsys):
    """`--help` lists the planner's commands, too, and each explains itself."""
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    listed = capsys.readouterr().out

    assert [] == [name for name in cli.PLANNER if name not in listed]
