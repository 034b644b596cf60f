"""The cure for a flooded aiogram bot, in two lines:

    bot = Bot(TOKEN, session=PacedSession())
    ThrottleMiddleware().register(dispatcher)

It needs aiogram, and no box.
"""

from __future__ import annotations

import importlib.util

if importlib.util.find_spec("aiogram") is None:
    raise ImportError(
        "onebox.drop_in.aiogram needs aiogram 3.31 or newer, which is not installed here; "
        "install it beside the bot: pip install 'onebox[aiogram]'"
    )

from onebox.drop_in.aiogram.middleware import ThrottleMiddleware
from onebox.drop_in.aiogram.pacer import Limits
from onebox.drop_in.aiogram.requests import SessionClosed
from onebox.drop_in.aiogram.session import PacedSession
from onebox.messaging.channel import Rate
from onebox.messaging.throttle import Limit, Policy, ThrottleRules

__all__ = [
    "Limit",
    "Limits",
    "PacedSession",
    "Policy",
    "Rate",
    "SessionClosed",
    "ThrottleMiddleware",
    "ThrottleRules",
]
