// The page works without this. With it, what is new comes by itself, and what is sent needs no new page.
"use strict";
(() => {
  const { base, lost, refused } = document.body.dataset;
  const log = document.getElementById("log");
  const entries = document.getElementById("entries");
  const typing = document.getElementById("typing");
  const note = document.getElementById("note");
  const write = document.getElementById("write");
  const FIRST_PAUSE = 1000;
  const LONGEST_PAUSE = 30000;
  let after = Number(log.dataset.after);
  let typingEnds = 0;

  const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

  function say(text) {
    note.textContent = text;
    note.hidden = !text;
  }

  function scrollDown() {
    log.scrollTop = log.scrollHeight;
  }

  // The box wrote this HTML, and escaped in it what people wrote.
  function show(entry) {
    const made = document.createElement("template");
    made.innerHTML = entry.html;
    const shown = made.content.firstElementChild;
    const before = document.getElementById(shown.id);
    if (before) before.replaceWith(shown);
    else entries.append(shown);
    tellTimes(shown);
  }

  // On the visitor's own clock.
  function tellTimes(within) {
    for (const time of within.querySelectorAll("time")) {
      const at = new Date(time.dateTime);
      time.textContent = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      time.title = at.toLocaleString();
    }
  }

  function showTyping(seconds) {
    clearTimeout(typingEnds);
    typing.hidden = !seconds;
    if (seconds) typingEnds = setTimeout(() => { typing.hidden = true; }, seconds * 1000);
  }

  async function follow() {
    let pause = FIRST_PAUSE;
    for (;;) {
      try {
        const answer = await fetch(`${base}/messages?after=${after}`, { headers: { Accept: "application/json" } });
        if (!answer.ok) throw new Error(String(answer.status));
        const news = await answer.json();
        const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
        news.entries.forEach(show);
        after = news.after;
        showTyping(news.typing);
        if (news.entries.length && atEnd) scrollDown();
        if (note.textContent === lost) say("");
        pause = FIRST_PAUSE;
        if (news.pause) await wait(news.pause * 1000);
      } catch (error) {
        say(lost);
        await wait(pause);
        pause = Math.min(2 * pause, LONGEST_PAUSE);
      }
    }
  }

  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  // The id stays until the box has it: what is sent again after a lost answer is stored once. Something else that is
  // sent meanwhile is another message.
  async function send(form, pressed) {
    const filled = new FormData(form);
    if (pressed && pressed.name) filled.set(pressed.name, pressed.value);
    filled.delete("id");
    const said = JSON.stringify([...filled].map(([name, value]) => [name, value.name ?? value, value.size]));
    if (form.dataset.said && form.dataset.said !== said) form.elements.id.value = newId();
    form.dataset.said = said;
    filled.set("id", form.elements.id.value);
    const buttons = form.querySelectorAll("button");
    buttons.forEach((button) => { button.disabled = true; });
    try {
      const answer = await fetch(form.action, { method: "POST", body: filled, headers: { Accept: "application/json" } });
      if (!answer.ok) {
        const told = await answer.json().catch(() => ({}));
        say(`${refused} ${told.message || ""}`);
        return;
      }
      form.reset();
      form.elements.id.value = newId();
      delete form.dataset.said;
      say("");
      scrollDown();
    } catch (error) {
      say(lost);
    } finally {
      buttons.forEach((button) => { button.disabled = false; });
      if (form === write) form.elements.text.focus();
    }
  }

  document.addEventListener("submit", (event) => {
    event.preventDefault();
    send(event.target, event.submitter);
  });
  write.elements.text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      write.requestSubmit();
    }
  });
  tellTimes(entries);
  scrollDown();
  follow();
})();
