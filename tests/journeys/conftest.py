"""A real server, a real browser: what the journeys walk in."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from ..cast import Cast
from .walking import mark_leaving

CHROMIUM = os.environ.get("LEEWARD_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
PHONE = {"width": 375, "height": 812}
DESKTOP = {"width": 1440, "height": 900}
#: How long a journey waits for what must come, in milliseconds: also on a machine that is busy with other things.
PATIENCE = 20_000
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def site(cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a web server of this run's own, over this run's database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log"
    server = subprocess.Popen(
        [sys.executable, "-m", "leeward.platform.cli", "serve", "--port", str(port), "--workers", "1"],
        env={**os.environ, "LEEWARD_DEMO": "yes", "LEEWARD_HTTPS": "no"},
        stdout=log.open("w"),
        stderr=subprocess.STDOUT,
    )
    address = f"http://localhost:{port}"
    _wait_for(address, server, log)
    yield address
    server.terminate()
    server.wait(10)


def _wait_for(address: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(600):
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{address}/sign-in/", timeout=2)  # noqa: S310
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"The server did not start: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, or a loud skip."""
    if not CHROMIUM:
        pytest.skip("SKIPPED: no Chromium on this machine. Run: sudo apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-sync",
            ],
        )
        yield browser
        browser.close()


Open = Callable[..., Page]


@pytest.fixture
def visit(chromium: Browser, site: str, cast: Cast) -> Iterator[Open]:
    """Open a page as one of the cast, signed in: `visit("screener", size=PHONE)`. How one signs in is a journey of its
    own."""
    contexts: list[BrowserContext] = []

    def open_as(who: str | None, *, size: dict[str, int] = DESKTOP, script: bool = True, language: str = "en") -> Page:
        context = chromium.new_context(
            base_url=site,
            viewport=size,  # type: ignore[arg-type]
            java_script_enabled=script,
            locale={"en": "en-US", "es": "es-MX"}[language],
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        mark_leaving(context)
        contexts.append(context)
        page = context.new_page()
        if who is not None:
            token = cast.sign_in(who)
            context.add_cookies([{"name": "session", "value": token, "url": site, "httpOnly": True}])
        page.goto("/sign-in/")
        assert who is None or "/sign-in/" not in page.url, page.content()[:2000]
        return page

    yield open_as
    for context in contexts:
        context.close()
