"""Reads secrets from SSM's Parameter Store with the instance's own role. Values go nowhere but to the caller.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
"""

from ..aws.refusal import AwsRefusal
from ..aws.service import AwsService, endpoint_override, host_of
from ..patience import Refusals
from ..preparation_failure import PreparationFailure

_REFUSALS = Refusals("secret-missing", "not-authorized", "secret-missing")
_PREFIX = "ssm:"
_MISSING_CODES = {"ParameterNotFound", "ParameterVersionNotFound"}


class ParameterStore:
    """One region's parameters; safe to use from several threads."""

    def __init__(self, region, credentials):
        origin = endpoint_override("SSM") or "https://" + host_of("ssm", region)
        self._service = AwsService("ssm", origin, region, credentials)
        self._region = region

    def read_all(self, places, patience):
        """The values of `{name: "ssm:/path"}` by name. Raises PreparationFailure naming the parameter."""
        values = {}
        for name, place in places.items():
            parameter = place[len(_PREFIX) :]
            what = "the secret %s (SSM parameter %s in %s)" % (name, parameter, self._region)
            values[name] = patience.ask(lambda wanted=parameter: self._read(wanted), what, _REFUSALS)
            if "\0" in values[name]:
                raise PreparationFailure("secret-missing", what + " holds a NUL, which no environment can")
        return values

    def _read(self, parameter):
        try:
            answer = self._service.call("AmazonSSM.GetParameter", {"Name": parameter, "WithDecryption": True})
        except AwsRefusal as refusal:
            if refusal.code not in _MISSING_CODES:
                raise
            # SSM answers 400 to everything; whoever asks tells missing from refused by the status.
            raise AwsRefusal(404, refusal.code, refusal.message) from refusal
        found = answer.get("Parameter")
        value = found.get("Value") if isinstance(found, dict) else None
        if not isinstance(value, str):
            # Never the answer: it may hold the secret.
            raise AwsRefusal(0, "ReplyNotUnderstood", "the reply holds no value")
        return value
