"""The one way in which a rule says no."""

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """An act is not allowed in the present state. `code` selects the words, `data` fills them."""

    def __init__(self, code: str, **data: Any) -> None:
        super().__init__(code)
        self.code = code
        self.data: Mapping[str, Any] = data
