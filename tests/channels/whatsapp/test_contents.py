"""What a content goes out as, by a server that takes no more than WhatsApp does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from tests.channels.messages import message
from tests.support.whatsapp import ANA, ANA_ID, FakeWhatsapp, fault_of

from onebox.channels.whatsapp.contents import draft_of, message_of, parts, units
from onebox.messaging.channel import DeliveryFailed

if TYPE_CHECKING:
    from onebox.channels.whatsapp.channel import WhatsappChannel

PHOTO = {"kind": "photo", "url": "https://salon.example/cut.jpg"}
BUTTONS = {
    "type": "button",
    "body": {"text": "Shall we?"},
    "action": {
        "buttons": [
            {"type": "reply", "reply": {"id": "y", "title": "Yes"}},
            {"type": "reply", "reply": {"id": "No", "title": "No"}},
        ]
    },
}


def made(**content: Any) -> dict[str, Any]:
    """The only message that a content becomes."""
    [part] = parts(content)
    draft = draft_of(part)
    file = {"link": draft.media[0].url} if draft.media else None
    return message_of(draft, file)


def test_a_text_is_sent_as_it_is() -> None:
    assert made(text="*hi* <you>") == {"type": "text", "text": {"body": "*hi* <you>", "preview_url": True}}


def test_markdown_becomes_the_marks_of_whatsapp() -> None:
    sent = made(markdown="# News\n**Ana** *and* ~~Bo~~ [here](https://example.org)\n\n- `one`\n\n~~~\ntwo\n~~~")

    assert sent["text"]["body"] == "*News*\n\n*Ana* _and_ ~Bo~ here (https://example.org)\n\n- `one`\n\n```\ntwo\n```"


def test_few_short_choices_are_buttons() -> None:
    assert made(text="Shall we?", choices=[{"id": "y", "title": "Yes"}, "No"])["interactive"] == BUTTONS


def test_more_choices_are_a_list_with_its_title() -> None:
    choices = [{"id": str(hour), "title": f"{hour}:00", "description": "with Bo"} for hour in range(9, 14)]
    sent = made(text="When?", choices=choices, choices_title="Times")["interactive"]

    assert (sent["type"], sent["action"]["button"]) == ("list", "Times")
    [section] = sent["action"]["sections"]
    assert section["rows"][0] == {"id": "9", "title": "9:00", "description": "with Bo"}


@pytest.mark.parametrize(
    "choices",
    [
        [str(number) for number in range(11)],
        ["a title of more than 24 letters", "No"],
        [{"title": "Yes", "description": "d" * 73}],
        [{"id": "a", "title": "Same"}, {"id": "b", "title": "Same"}],
        [{"title": "Site", "url": "https://salon.example"}, "No"],
        [{"title": "Bot", "url": "tg://resolve"}],
    ],
)
def test_choices_that_whatsapp_cannot_show_are_numbered(choices: list[Any]) -> None:
    sent = made(text="Which?", choices=choices)

    assert sent["type"] == "text"
    assert sent["text"]["body"].startswith("Which?\n\n1. ")


def test_a_title_too_long_for_a_button_fits_a_list() -> None:
    assert made(text="Which?", choices=["twenty-one letters ok", "No"])["interactive"]["type"] == "list"


def test_one_choice_with_a_url_is_a_link() -> None:
    sent = made(text="Pay here", choices=[{"title": "Pay", "url": "https://pay.example/7"}])["interactive"]

    assert sent["action"] == {
        "name": "cta_url",
        "parameters": {"display_text": "Pay", "url": "https://pay.example/7"},
    }


def test_a_text_is_the_caption_of_its_only_file() -> None:
    assert made(text="New", media=PHOTO) == {"type": "image", "image": {"link": PHOTO["url"], "caption": "New"}}


def test_a_file_above_buttons_is_their_header() -> None:
    sent = made(text="Shall we?", choices=[{"id": "y", "title": "Yes"}, "No"], media=PHOTO)["interactive"]

    assert sent == {**BUTTONS, "header": {"type": "image", "image": {"link": PHOTO["url"]}}}


def test_files_go_first_the_choices_last_and_the_answer_once() -> None:
    content = {"text": "word " * 1000, "choices": ["Yes"], "media": [PHOTO, PHOTO], "reply_to": "wamid.7", "to": "x"}
    pieces = parts(content)

    assert [sorted(piece) for piece in pieces] == [
        ["media", "reply_to", "to"],
        ["follows", "media", "to"],
        ["follows", "text", "to"],
        ["choices", "follows", "text", "to"],
    ]


@pytest.mark.parametrize("kind", ["audio", "voice"])
def test_a_sound_has_no_caption(kind: str) -> None:
    assert len(parts({"text": "Listen", "media": {"kind": kind, "url": "https://salon.example/a.ogg"}})) == 2


def test_a_list_stands_below_its_picture() -> None:
    assert len(parts({"text": "Which?", "choices": [str(number) for number in range(5)], "media": PHOTO})) == 2


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ({}, "text is missing"),
        ({"choices": ["Yes"]}, "text is missing"),
        ({"choices": ["Yes"], "media": PHOTO}, "text is missing"),
        ({"text": "a", "markdown": "b"}, "exclude each other"),
        ({"text": "  "}, "text is empty"),
        ({"markdown": "&#32;"}, "markdown is empty"),
        ({"text": 7}, "text must be a text, got 7"),
        ({"text": "a", "choises": ["Yes"]}, "there is no 'choises'; did you mean 'choices'?"),
        ({"text": "a", "choices_title": "t" * 21}, "choices_title is longer than 20 characters"),
        ({"text": "a", "link_preview": 0}, "link_preview must be true or false, got 0"),
        ({"text": "a", "reply_to": 7}, "reply_to must be a text, got 7"),
        ({"text": "a", "to": ["x", "y"]}, "to is a list"),
        ({"message_template": "hello"}, "message_template must be a mapping"),
        ({"message_template": {"name": "hello"}}, "message_template.language must be a language"),
        ({"message_template": {"name": "He llo", "language": "de"}}, "message_template.name must be of small letters"),
        ({"message_template": {"name": "a", "language": "de", "value": 1}}, "message_template: there is no 'value'"),
        ({"message_template": {"name": "a", "language": "de", "values": "b"}}, "values must be a list"),
        ({"message_template": {"name": "a", "language": "de", "values": ["\n"]}}, r"values\[0\] is empty"),
        ({"message_template": {"name": "a", "language": "de", "values": {"x": True}}}, "values.x must be a text"),
        ({"text": "a", "choices": [{"id": str(n), "title": "t" * 99} for n in range(50)]}, "choices are longer than"),
    ],
)
def test_what_whatsapp_could_make_nothing_of_fails_the_step(content: dict[str, Any], fault: str) -> None:
    with pytest.raises(DeliveryFailed, match=fault) as failed:
        parts(content)

    assert (failed.value.permanent, failed.value.kind) == (True, "invalid")


def test_what_a_step_gives_for_other_channels_is_left_alone() -> None:
    assert made(text="hi", subject="Weekly report", silent=True)["text"]["body"] == "hi"


WORDS = st.text(st.sampled_from("ab 🙂*_`~\n-#"), max_size=3000)
CHOICES = st.lists(
    st.builds(
        lambda number, title, description, url: {
            "id": str(number),
            "title": title,
            "description": description,
            "url": url,
        },
        st.integers(),
        st.text(st.sampled_from("ab🙂 "), min_size=1, max_size=30).filter(str.strip),
        st.none() | st.text("ab", max_size=80),
        st.none() | st.just("https://salon.example"),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda choice: choice["id"],
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "text": WORDS,
            "markdown": WORDS,
            "choices": CHOICES,
            "media": st.lists(st.just(PHOTO) | st.just({**PHOTO, "kind": "audio"}), min_size=1, max_size=3),
        },
    )
)
def test_no_part_is_more_than_whatsapp_takes(content: dict[str, Any]) -> None:
    """And each is one message, with its choices in one of them alone."""
    try:
        pieces = parts(content)
    except DeliveryFailed:  # told by its own test
        reject()
    drafts = [draft_of(piece) for piece in pieces]
    sent = [message_of(draft, {"link": "https://salon.example"} if draft.media else None) for draft in drafts]

    assert [fault for one in sent if (fault := fault_of(one))] == []
    assert sum(bool(draft.choices) for draft in drafts) == ("choices" in content)
    assert sum(len(draft.media) for draft in drafts) == len(content.get("media", []))
    assert max(units(draft.text) for draft in drafts) <= 4096


@pytest.mark.parametrize(
    ("recipient", "key", "address"),
    [("+49 170 000-0001", "to", ANA), (ANA, "to", ANA), (ANA_ID, "recipient", ANA_ID)],
)
async def test_a_person_is_named_by_a_number_or_a_user_id(
    recipient: str, key: str, address: str, channel: WhatsappChannel, whatsapp: FakeWhatsapp
) -> None:
    """Under `to` a user id would be taken for a phone number, and the message be lost."""
    await channel.deliver(message(recipient, text="hi"))

    [sent] = whatsapp.sent
    assert {name: sent[name] for name in ("to", "recipient") if name in sent} == {key: address}


@pytest.mark.parametrize("recipient", ["Ana", "", "us.123", "+49", "US.", "1" * 30])
async def test_who_is_neither_is_refused(recipient: str, channel: WhatsappChannel) -> None:
    with pytest.raises(DeliveryFailed, match="to must be a phone number with its country, or a user id") as failed:
        await channel.deliver(message(recipient, text="hi"))

    assert (failed.value.permanent, failed.value.kind) == (True, "invalid")
