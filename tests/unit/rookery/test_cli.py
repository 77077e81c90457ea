"""The command line explains itself, and refuses what it does not know."""

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
