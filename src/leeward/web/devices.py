"""What a browser says of itself, coarsely: enough to know one's own device in a list, too little to track anybody."""

from django.http import HttpRequest

#: The first that is found in the browser's own words is it.
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "Mac"),
    ("CrOS", "Chromebook"), ("Linux", "Linux"),
)  # fmt: skip


def device(request: HttpRequest) -> str:
    """Browser and system, such as "Firefox, Windows"; empty when the browser does not say."""
    told = request.headers.get("User-Agent", "")
    found = [next((name for sign, name in known if sign in told), "") for known in (BROWSERS, SYSTEMS)]
    return ", ".join(name for name in found if name)
