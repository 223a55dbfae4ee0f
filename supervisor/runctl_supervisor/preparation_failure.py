"""Why an attempt cannot begin."""


class PreparationFailure(Exception):
    """The attempt cannot begin; becomes `preparationFailure` of the report."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


class Cancelled(Exception):
    """Nobody waits for the preparation any more: the attempt is to end, or has failed elsewhere."""
