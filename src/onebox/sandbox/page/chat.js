// The chat of one person at a time. Everything that was said is put in as text, never as markup.
"use strict";

const talk = document.getElementById("talk");
const chats = document.getElementById("chats");
const fault = document.getElementById("fault");
const writing = document.getElementById("write");
const lines = new Map();
const known = new Map();
let current = null;
let seen = 0;
let number = 1;

function element(tag, text, name) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  return made;
}

async function act(name, given) {
  const where = known.get(current) || {};
  const chat = where.chat === null || where.chat === undefined ? {} : { chat: where.chat };
  const person = where.chat ? [...known.keys()].find((one) => !known.get(one).chat) || "Ana" : current;
  const answer = await fetch(`/sandbox/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ person, ...chat, ...given }),
  });
  const told = await answer.json();
  fault.hidden = told.ok;
  fault.textContent = told.ok ? "" : told.error;
  return told.ok;
}

function choose(name) {
  current = name;
  if (!known.has(name)) known.set(name, { chat: null, news: false });
  known.get(name).news = false;
  showChats();
  talk.replaceChildren(...[...lines.values()].filter((line) => line.person === name).map(shown));
  talk.scrollTop = talk.scrollHeight;
}

function showChats() {
  chats.replaceChildren(...[...known].map(([name, one]) => {
    const button = element("button", name, one.news ? "news" : "");
    button.setAttribute("aria-pressed", String(name === current));
    button.onclick = () => choose(name);
    return button;
  }));
}

function shown(line) {
  const made = element("article", undefined, line.author === null ? "" : "mine");
  made.dataset.key = line.key;
  if (line.gone) made.classList.add("gone");
  if (line.chat && line.author) made.append(element("small", line.author));
  if (line.media_kind) made.append(medium(line));
  for (const part of line.parts) made.append(piece(part));
  if (line.note) made.append(element("small", line.note));
  if (line.choices.length && !line.gone) {
    const row = element("div", undefined, "choices");
    row.append(...line.choices.map((choice) => button(line, choice)));
    made.append(row);
  }
  return made;
}

function piece(part) {
  const safe = part.link && /^(https?:\/\/|mailto:|tel:)/i.test(part.link);
  const made = element(safe ? "a" : "span", part.text, part.styles.join(" "));
  if (safe) Object.assign(made, { href: part.link, target: "_blank", rel: "noopener noreferrer" });
  return made;
}

function medium(line) {
  if (!line.media) return element("small", line.media_kind);
  const tag = { photo: "img", image: "img", sticker: "img", video: "video", animation: "video", audio: "audio", voice: "audio" }[line.media_kind];
  const made = element(tag || "a", tag ? undefined : line.media_kind);
  if (tag === "img") Object.assign(made, { src: line.media, alt: line.text || line.media_kind });
  else if (tag) Object.assign(made, { src: line.media, controls: true });
  else Object.assign(made, { href: line.media, download: "" });
  return made;
}

function button(line, choice) {
  const made = element("button", choice.label);
  made.onclick = () => {
    if (choice.kind === "press") act("press", { button: choice.value, message_id: line.message_id });
    else if (choice.kind === "text") act("write", { text: choice.value });
    else if (choice.kind === "contact") act("share_contact", {});
    else if (choice.kind === "location") act("locate", { latitude: 40.4168, longitude: -3.7038 });
    else if (choice.kind === "pay") act("pay", { message_id: line.message_id });
    else if (/^https?:\/\//i.test(choice.value)) window.open(choice.value, "_blank", "noopener,noreferrer");
  };
  return made;
}

function take(line) {
  const is_new = !lines.has(line.key);
  lines.set(line.key, line);
  if (!known.has(line.person)) known.set(line.person, { chat: line.chat, news: false });
  if (line.person !== current) {
    known.get(line.person).news = true;
    return;
  }
  const there = [...talk.children].find((one) => one.dataset.key === line.key);
  if (there) there.replaceWith(shown(line));
  else talk.append(shown(line));
  if (is_new) talk.scrollTop = talk.scrollHeight;
}

async function watch() {
  for (;;) {
    try {
      const answer = await fetch(`/sandbox/lines?after=${seen}&wait=20`);
      const told = await answer.json();
      if (told.talk !== number || told.change < seen) {
        lines.clear();
        talk.replaceChildren();
      }
      number = told.talk;
      seen = told.change;
      told.lines.forEach(take);
      if (told.lines.length) showChats();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

writing.elements.file.onchange = async () => {
  const file = writing.elements.file.files[0];
  if (!file) return;
  const kind = file.type.startsWith("image/") ? "photo" : "document";
  const caption = writing.elements.text.value;
  if (await act("attach", { content: await base64(file), kind, name: file.name, mime: file.type, caption })) writing.reset();
};
writing.onsubmit = async (event) => {
  event.preventDefault();
  const text = writing.elements.text.value.trim();
  if (text && await act("write", { text })) writing.reset();
};
writing.elements.text.onkeydown = (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    writing.requestSubmit();
  }
};
document.getElementById("someone").onsubmit = (event) => {
  event.preventDefault();
  const name = event.target.elements.name.value.trim();
  if (name) choose(name);
  event.target.reset();
};

choose("Ana");
watch();
