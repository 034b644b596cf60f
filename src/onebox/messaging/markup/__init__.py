"""Markdown, as each channel shows it: HTML, the few tags that a chat takes, Slack's mrkdwn, plain text.

Everywhere raw HTML is a text like any other, a line break stays one, and a link leads to http, https, mailto or tel, or
is no link.
"""
