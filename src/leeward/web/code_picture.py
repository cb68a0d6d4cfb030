"""A square picture that a phone's camera reads, drawn here: nothing of it leaves the page."""

import segno


def picture(text: str) -> str:
    """The text as a QR code, as the address of an SVG picture (`data:`), dark on white with the margin it needs."""
    return str(segno.make(text, error="m").svg_data_uri(scale=5, border=4, dark="#000", light="#fff"))
