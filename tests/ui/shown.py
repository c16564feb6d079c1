"""What a page says, read from the app without a browser."""

import html
import re

_BOX = re.compile(r'<div class="notice (warning|error)" role="alert"[^>]*>(.*)</div>', re.DOTALL)


def notices(app, kind=None):
    """The texts of the boxes on the page, as a reader sees them; of one kind, or all."""
    found = [_BOX.fullmatch(element.value) for element in app.get("html")]
    return [html.unescape(box[2]) for box in found if box and kind in (None, box[1])]
