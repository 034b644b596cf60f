// A window to the chat on any page: <script src="https://BOX/chat/NAME/widget.js" data-title="Chat" async></script>
"use strict";
(() => {
  const script = document.currentScript;
  const address = script.src.replace(/\/widget\.js(?:[?#].*)?$/, "");
  const title = script.dataset.title || "Chat";

  const frame = document.createElement("iframe");
  frame.title = title;
  frame.id = "onebox-chat";
  Object.assign(frame.style, {
    position: "fixed", insetInlineEnd: "1rem", bottom: "5rem", width: "min(24rem, calc(100vw - 2rem))",
    height: "min(36rem, calc(100vh - 7rem))", border: "1px solid #8886", borderRadius: "0.75rem",
    background: "Canvas", boxShadow: "0 0.5rem 2rem #0004", zIndex: "2147483000", display: "none",
  });

  const button = document.createElement("button");
  button.type = "button";
  button.textContent = title;
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", frame.id);
  Object.assign(button.style, {
    position: "fixed", insetInlineEnd: "1rem", bottom: "1rem", padding: "0.75rem 1.25rem", border: "0",
    borderRadius: "2rem", background: "#1b5e8a", color: "#fff", font: "600 1rem system-ui, sans-serif",
    cursor: "pointer", zIndex: "2147483000",
  });

  function toggle(open) {
    if (open && !frame.src) frame.src = address; // nothing is loaded before somebody asks for it
    frame.style.display = open ? "block" : "none";
    button.setAttribute("aria-expanded", String(open));
  }

  button.addEventListener("click", () => toggle(button.getAttribute("aria-expanded") !== "true"));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && button.getAttribute("aria-expanded") === "true") {
      toggle(false);
      button.focus();
    }
  });
  const put = () => document.body.append(frame, button);
  if (document.body) put();
  else document.addEventListener("DOMContentLoaded", put);
})();
