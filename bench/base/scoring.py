"""When an answer is right, and how sure a share of right answers is."""

import json
import math


def canonical(value):
    """A text that two JSON values share exactly when they are equal as JSON: 1 and 1.0 are, true and 1 are not."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{canonical(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return json.dumps(value)


def parse(text):
    """The canonical text of a JSON text; None where it is none (NaN and Infinity are none)."""

    def refuse(constant):
        raise ValueError(constant)

    try:
        return canonical(json.loads(text, parse_constant=refuse))
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None


def calls(message):
    """The calls of a message as a sorted list: calls of one answer have no order. None where arguments are broken."""
    found = []
    for call in message.get("tool_calls") or []:
        arguments = parse(call["function"].get("arguments") or "{}")
        if arguments is None:
            return None
        found.append((call["function"]["name"], arguments))
    return sorted(found)


def right(kind, wanted, got):
    """Whether the message `got` says exactly what the recorded message `wanted` says."""
    if kind == "calls":
        return calls(wanted) is not None and calls(got) == calls(wanted)
    if got.get("tool_calls"):
        return False
    said, recorded = got.get("content") or "", wanted["content"]
    if kind == "json":
        return parse(said) is not None and parse(said) == parse(recorded)
    return said.strip() == recorded.strip()


def at_most(k, n, p):
    """Probability of k or fewer successes of n."""
    if p <= 0 or k >= n:
        return 1.0
    if p >= 1:
        return 0.0
    log_p, log_q, log_n = math.log(p), math.log1p(-p), math.lgamma(n + 1)
    return sum(math.exp(log_n - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * log_p + (n - i) * log_q) for i in range(k + 1))


def bisect(above):
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if above(middle) else (middle, high)
    return (low + high) / 2


def interval(k, n, confidence=0.95):
    """Clopper and Pearson's exact interval (Biometrika 26, 1934) of a share of which k of n were seen."""
    if n == 0:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = 0.0 if k == 0 else bisect(lambda p: 1 - at_most(k - 1, n, p) > tail)
    high = 1.0 if k == n else bisect(lambda p: at_most(k, n, p) < tail)
    return low, high
