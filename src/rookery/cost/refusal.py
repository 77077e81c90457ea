"""What the planner says when it cannot go on."""


class Refusal(ValueError):
    """One sentence: the thing, its value, what is expected, the way out. Exit code 2."""
