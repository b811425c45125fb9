"""Security headers on every answer, errors and static files included (SB-06, SB-10 to SB-12)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

ALWAYS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # with no-referrer browsers would not name the origin of a form
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-robots-tag": "noindex, nofollow",
    "cache-control": "no-store",
}
PERSONAL = b"Cookie, Accept-Language"
"""What an answer depends on, unless it may be kept by a cache."""

OVER_HTTPS = {"strict-transport-security": "max-age=63072000; includeSubDomains"}


class SecurityHeaders:
    """Adds what an answer does not say itself; what it says itself stands, such as a stricter policy of a file."""

    def __init__(self, app: ASGIApp, https: bool) -> None:
        self.app = app
        wanted = {**ALWAYS, **OVER_HTTPS} if https else ALWAYS
        self._headers = [(name.encode(), value.encode()) for name, value in wanted.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the headers of its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message["headers"]
                said = {name.lower() for name, _ in given}
                added = [(name, value) for name, value in self._headers if name not in said]
                if b"cache-control" not in said or (b"cache-control", b"no-store") in given:
                    added.append((b"vary", PERSONAL))
                message["headers"] = [*given, *added]
            await send(message)

        await self.app(scope, receive, complete)
