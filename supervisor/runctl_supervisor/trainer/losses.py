"""A loss curve in bounded memory: the more steps there are, the more of them share one point."""

from .. import limits

_LOSS_MAX = 1e30


class LossCurve:
    """Stretches of steps, each with its last step and its mean loss; when there are too many, each swallows its neighbour."""

    def __init__(self):
        # (last step, sum of losses, how many)
        self._stretches = []
        self._stretch_steps = 1

    def add(self, step, loss):
        if loss is None:
            return
        # A script that went back trains these steps again.
        while self._stretches and self._stretches[-1][0] >= step:
            self._stretches.pop()
            self._stretch_steps = 1
        # Sums of what no curve could show anyway must not become infinite, which JSON does not have.
        loss = max(-_LOSS_MAX, min(_LOSS_MAX, loss))
        last = self._stretches[-1] if self._stretches else None
        # The first loss of all stays alone: it is what the others are compared with.
        if last is None or len(self._stretches) == 1 or step // self._stretch_steps != last[0] // self._stretch_steps:
            self._stretches.append((step, loss, 1))
        else:
            self._stretches[-1] = (step, last[1] + loss, last[2] + 1)
        while len(self._stretches) > limits.LOSS_POINTS_MAX_COUNT:
            self._widen()

    def points(self):
        """[[step, loss], …], oldest first, four digits each: the report has little room."""
        return [[step, _rounded(total / count)] for step, total, count in self._stretches]

    def _widen(self):
        first, *others = self._stretches
        self._stretch_steps = max(2 * self._stretch_steps, (others[-1][0] - first[0]) // limits.LOSS_POINTS_MAX_COUNT)
        merged = {}
        for step, total, count in others:
            key = step // self._stretch_steps
            _, total_before, count_before = merged.get(key, (step, 0.0, 0))
            merged[key] = (step, total_before + total, count_before + count)
        self._stretches = [first, *merged.values()]


def _rounded(loss):
    return float("%.4g" % loss)
