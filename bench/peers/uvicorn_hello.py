"""The hello of every peer as an ASGI application."""

START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
BODY = {"type": "http.response.body", "body": b"hello"}


async def app(scope, receive, send):
    await send(START)
    await send(BODY)
