"""What the planner says when it cannot go on."""


class Refusal(ValueError):  # noqa: N818  # what it is
    """One sentence: the thing, its value, what is expected, the way out. Exit code 2."""
