(() => {
  const state = document.getElementById("state"), reload = document.getElementById("reload");
  const tell = (text, live) => { state.textContent = text; state.className = live ? "live" : ""; reload.hidden = live; };
  // Changes what differs and leaves the rest, so that focus, selection and place stay.
  const change = (old, now) => {
    if (old.isEqualNode(now)) return;
    if (old.nodeType !== 1 || old.nodeName !== now.nodeName) { old.replaceWith(now); return; }
    for (const { name } of [...old.attributes]) if (name !== "open" && !now.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of now.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    const wanted = new Set([...now.children].map(child => child.id));
    for (const child of [...old.children]) {
      if (!child.id || wanted.has(child.id)) continue;
      if (child.contains(document.activeElement)) document.getElementById("running-head").focus();
      child.remove();
    }
    const named = new Map([...old.children].map(child => [child.id, child]));
    let at = old.firstChild;
    for (const child of [...now.childNodes]) {
      const known = child.id ? named.get(child.id) : at && !at.id && at.nodeName === child.nodeName ? at : null;
      if (!known) { old.insertBefore(child, at); continue; }
      if (known === at) at = at.nextSibling; else old.insertBefore(known, at);
      change(known, child);
    }
    while (at) { const next = at.nextSibling; at.remove(); at = next; }
  };
  const events = new EventSource("/.htbin/events");
  events.onopen = () => tell("Live", true);
  events.onerror = () => tell("The server does not answer; trying again.", false);
  events.addEventListener("section", event => {
    const now = new DOMParser().parseFromString(event.data, "text/html").body.firstElementChild;
    const old = document.getElementById(now.id);
    if (old) change(old, now);
  });
  document.addEventListener("submit", async event => {
    event.preventDefault();
    const form = event.target;
    form.querySelector("button").setAttribute("aria-disabled", "true");
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) }).catch(() => null);
    if (!answer || !answer.ok) tell("The script was not ended. Reload the page.", false);
  });
})();
