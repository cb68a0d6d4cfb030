"""What says that nothing is there leaves on a beat, whatever it cost (P-01)."""

import pytest
from django.http import HttpRequest, HttpResponse

from leeward.web import middleware
from leeward.web.middleware import BEAT, OnTheBeat


def left_at(monkeypatch: pytest.MonkeyPatch, cost: float, *, status: int, found_nobody: bool = False) -> float:
    """Seconds after which an answer of this cost leaves, by a clock of the test's own."""
    clock = [100.0]

    def answer(request: HttpRequest) -> HttpResponse:
        clock[0] += cost
        request.found_nobody = found_nobody  # type: ignore[attr-defined]
        return HttpResponse(status=status)

    def pass_by(seconds: float) -> None:
        clock[0] += seconds

    monkeypatch.setattr(middleware, "monotonic", lambda: clock[0])
    monkeypatch.setattr(middleware, "sleep", pass_by)
    OnTheBeat(answer)(HttpRequest())
    return clock[0] - 100.0


@pytest.mark.parametrize("cost", [0.0031, 0.0034, 0.0199])
def test_p01_not_found_takes_as_long_whatever_it_cost(monkeypatch: pytest.MonkeyPatch, cost: float) -> None:
    assert left_at(monkeypatch, cost, status=404) == pytest.approx(BEAT)
    assert left_at(monkeypatch, cost, status=200, found_nobody=True) == pytest.approx(BEAT)


def test_what_is_there_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert left_at(monkeypatch, 0.0031, status=200) == pytest.approx(0.0031)
