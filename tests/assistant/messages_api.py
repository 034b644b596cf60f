"""A server of the Messages API, on loopback: an assistant whose tool calls are a script, and which remembers what it was told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web
from tests.support.local_server import LocalServer

if TYPE_CHECKING:
    from collections.abc import Sequence

_LARGEST = 1 << 26


@dataclass(frozen=True)
class Result:
    """What came back for one tool call. `after`: what else the assistant was told before its next call."""

    failed: bool
    text: str
    after: str


class MessagesApi(LocalServer):
    """Asks for one call of `calls` (tool, input) an answer, then says that it is done.
    Not more than `answers` are given, so that no script and no Stop hook can go on for ever."""

    def __init__(self, calls: Sequence[tuple[str, dict[str, Any]]], *, answers: int = 40) -> None:
        self._calls = calls
        self._answers_left = answers
        self._answered = 0
        self._conversation: list[dict[str, Any]] = []
        self.helpers: list[list[str]] = []
        """the tools of each request that an agent made which the assistant had started"""

    def application(self) -> web.Application:
        served = web.Application(client_max_size=_LARGEST)
        served.router.add_post("/v1/messages", self._messages)
        served.router.add_route("*", "/{path:.*}", _nothing)
        return served

    # --- what was heard

    def results(self) -> list[Result]:
        """One for each call that was answered, in the order of the script."""
        heard = list(_heard(self._conversation))
        where = [place for place, block in enumerate(heard) if block["type"] == "tool_result"]
        ends = [*where[1:], len(heard)]
        return [
            Result(
                bool(heard[place].get("is_error")),
                _text(heard[place]),
                "\n".join(_text(block) for block in heard[place + 1 : end]),
            )
            for place, end in zip(where, ends, strict=True)
        ]

    def was_told(self, text: str) -> bool:
        """Whether the assistant was ever told this, in a result or in any other way."""
        return any(text in _text(block) for block in _heard(self._conversation))

    # --- what is answered

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        if self._answers_left == 0:
            error = {"type": "invalid_request_error", "message": "The script is at its end."}
            return web.json_response({"type": "error", "error": error}, status=400)
        self._answers_left -= 1
        self._answered += 1
        content = self._content(asked)
        stop = "tool_use" if content["type"] == "tool_use" else "end_turn"
        # Claude Code merges messages of one id.
        message = {
            "id": f"msg_{self._answered}",
            "type": "message",
            "role": "assistant",
            "model": asked.get("model"),
            "content": [content],
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        }
        return await _streamed(request, message) if asked.get("stream") else web.json_response(message)

    def _content(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The next call. A request without tools is a side errand of the program, such as a title for the conversation."""
        tools = [tool["name"] for tool in asked.get("tools", [])]
        if not tools:
            return {"type": "text", "text": "A title"}
        if "Agent" not in tools:
            self.helpers.append(tools)
            return {"type": "text", "text": "nothing found"}
        self._conversation = asked["messages"]
        made = sum(block["type"] == "tool_result" for block in _heard(self._conversation))
        if made == len(self._calls):
            return {"type": "text", "text": "Done."}
        tool, given = self._calls[made]
        return {"type": "tool_use", "id": f"toolu_{made}", "name": tool, "input": given}


async def _nothing(_request: web.Request) -> web.Response:
    return web.json_response({})


def _heard(conversation: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks of all that was not said by the assistant itself."""
    blocks: list[dict[str, Any]] = []
    for message in conversation:
        if message["role"] != "assistant":
            content = message["content"]
            blocks += [{"type": "text", "text": content}] if isinstance(content, str) else content
    return blocks


def _text(block: dict[str, Any]) -> str:
    content = block.get("text") or block.get("content") or ""
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


async def _streamed(request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
    """The same message as server-sent events."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)

    async def send(kind: str, **rest: Any) -> None:
        event = json.dumps({"type": kind, **rest})
        await response.write(f"event: {kind}\ndata: {event}\n\n".encode())

    (content,) = message["content"]
    if content["type"] == "text":
        begun, delta = {**content, "text": ""}, {"type": "text_delta", "text": content["text"]}
    else:
        begun = {**content, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(content["input"])}
    await send("message_start", message={**message, "content": [], "stop_reason": None})
    await send("content_block_start", index=0, content_block=begun)
    await send("content_block_delta", index=0, delta=delta)
    await send("content_block_stop", index=0)
    ended = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    await send("message_delta", delta=ended, usage={"output_tokens": 1})
    await send("message_stop")
    return response
