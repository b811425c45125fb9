// Takes over the file field of an uploader: every file goes up at once, in parts, and goes on by itself when the
// connection comes back. How much has arrived is the server's word alone. Without this the field works as it is.
(() => {
  const root = document.querySelector("[data-uploader]");
  if (!root || !self.crypto || !crypto.subtle) return;
  const field = root.querySelector("input[type=file]");
  const form = field.form;
  const list = root.querySelector("[data-coming-rows]");
  const words = root.dataset;
  const part = Number(words.part);
  const coming = [];
  const pauses = new Set();
  let busy = false;
  let left = false;
  let looks = 0;
  let looking = 0;

  const rows = () => document.getElementById("_draft_rows");
  const wake = () => pauses.forEach((go) => go());
  const size = (bytes) => (bytes >= 1e6 ? `${Math.ceil(bytes / 1e5) / 10}\u00a0MB` : `${Math.max(1, Math.ceil(bytes / 1e3))}\u00a0kB`);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));
  const hex = (digest) => [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const hash = async (blob) => hex(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  const say = (text) => { root.querySelector("[data-said]").textContent = text; };

  const sayState = (name) => {
    const row = [...rows().querySelectorAll(".file")].find((each) => each.querySelector(".name").textContent === name);
    if (row) say(`${name}: ${row.querySelector(".file__state span").textContent}`);
  };

  class Refused extends Error {}
  class Ended extends Error {}
  class Stopped extends Error {}

  // Wait, or until the connection, the person or the page in front says that it is worth another try.
  const pause = (milliseconds) => new Promise((resolve) => {
    const go = () => { clearTimeout(timer); pauses.delete(go); resolve(); };
    const timer = setTimeout(go, milliseconds);
    pauses.add(go);
  });

  // The list as the server knows it, with fresh tokens; false where the session has ended.
  async function refresh() {
    const answer = await fetch(words.rows, { headers: { "HX-Request": "true" }, redirect: "error" });
    if (answer.status === 204) return false;
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const held = rows().contains(document.activeElement) ? document.activeElement : null;
    rows().replaceWith(document.adoptNode(page.getElementById("_draft_rows")));
    tell();
    if (held) [...rows().querySelectorAll("a, button")].find((each) => each.textContent === held.textContent)?.focus();
    form.elements.has_draft.value = Number(rows().dataset.files) ? "yes" : "";
    for (const item of coming) hide(item);
    look();
    return true;
  }

  // While something is being checked the list is asked for again, more and more seldom.
  function look() {
    clearTimeout(looking);
    looks = "waiting" in rows().dataset ? looks + 1 : 0;
    if (looks) looking = setTimeout(() => refresh().catch(look), Math.min(30000, 1500 * 1.3 ** looks));
  }

  // Where the page says that there are no files yet, it does so only while there are none.
  const tell = () => document.querySelectorAll("[data-none-yet]").forEach((each) => {
    each.toggleAttribute("hidden", coming.length > 0 || Number(rows().dataset.files) > 0);
  });

  const hide = (item) => rows().querySelectorAll(`[data-coming="${item.code}"]`).forEach((row) => row.remove());

  function post(path, entries, token, item) {
    const data = new FormData();
    data.append("form_token", rows().dataset[token || "token"]);
    for (const [name, value] of Object.entries(entries)) data.append(name, value);
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", path);
      request.timeout = 120000;
      request.onload = () => {
        let said = null;
        try { said = JSON.parse(request.responseText); } catch { /* a page for people */ }
        resolve({ status: request.status, said });
      };
      request.onerror = request.ontimeout = () => reject(new Error("network"));
      request.onabort = () => reject(new Stopped());
      if (item) {
        item.request = request;
        request.upload.onprogress = (event) => show(item, "uploading", Math.min(item.file.size, item.offset + event.loaded));
      }
      request.send(data);
    });
  }

  // One act of the protocol. What says nothing in JSON is no answer of ours: a session that ended, or a token that did.
  async function ask(path, entries, item) {
    const answer = await post(path, entries, "token", item);
    if (answer.status === 413) throw new Refused(answer.said ? answer.said.words : "");
    if (answer.status === 422 && answer.said && answer.said.words) throw new Refused(answer.said.words);
    if (answer.status >= 500 || answer.status === 429) throw new Error(answer.status);
    if (answer.status === 404) { item.code = ""; throw new Error("gone"); }
    if (!answer.said) {
      if (!(await refresh())) throw new Ended();
      throw new Error("token");
    }
    return answer.said;
  }

  function show(item, state, done, text) {
    const box = item.row.querySelector(".file");
    const bar = item.row.querySelector("progress");
    const values = { percent: Math.floor((100 * done) / item.file.size), done: size(done), size: size(item.file.size) };
    box.className = `file file--${state}`;
    const said = text || (words[state] ? fill(words[state], values) : item.waiting);
    item.row.querySelector(".file__state span").textContent = said;
    bar.max = item.file.size;
    bar.value = done;
    bar.setAttribute("aria-label", said);
    bar.toggleAttribute("hidden", state === "unreadable");
    const stopping = item.row.querySelector('[data-act="stop"]');
    if (state === "unreadable") stopping.firstChild.textContent = stopping.dataset.takeOut;
    item.row.querySelector('[data-act="retry"]').toggleAttribute("hidden", state !== "interrupted");
    if (state !== item.state && state !== "uploading") say(`${item.file.name}: ${said}`);
    item.state = state;
  }

  function add(file) {
    const row = root.querySelector("template[data-row]").content.cloneNode(true).firstElementChild;
    const item = { file, row, code: "", offset: 0, state: "" };
    row.querySelector(".name").textContent = file.name;
    row.querySelectorAll("[data-name]").forEach((each) => { each.textContent = ` ${file.name}`; });
    item.waiting = row.querySelector(".file__state span").textContent;
    row.addEventListener("click", (event) => {
      const button = event.target.closest("[data-act]");
      if (!button) return;
      event.preventDefault();
      if (button.dataset.act === "retry") wake();
      else stop(item);
    });
    list.append(row);
    coming.push(item);
    tell();
    show(item, "waiting", 0);
  }

  function forget(item) {
    coming.splice(coming.indexOf(item), 1);
    item.row.remove();
    tell();
  }

  async function stop(item) {
    item.stopped = true;
    if (item.request) item.request.abort();
    wake();
    forget(item);
    if (item.code) await post(`${words.announce}/${item.code}/stop`, {}).catch(() => {});
    await refresh().catch(() => {});
  }

  async function send(item) {
    if (!item.sha) {
      try { item.sha = await hash(item.file); } catch { throw new Refused(words.unreadable); }
    }
    if (!item.code) {
      const told = { draft: form.elements.draft.value, place: words.here, name: item.file.name, size: item.file.size, sha256: item.sha };
      const begun = await ask(words.announce, told, item);
      if (begun.file) return true;
      item.code = begun.code;
      item.offset = begun.offset;
      hide(item);
    } else {
      item.offset = (await ask(`${words.announce}/${item.code}/finish`, {}, item)).offset ?? item.file.size;
    }
    for (;;) {
      while (item.offset < item.file.size) {
        if (item.stopped) throw new Stopped();
        show(item, "uploading", item.offset);
        const piece = item.file.slice(item.offset, item.offset + part);
        const sha256 = await hash(piece).catch(() => { throw new Refused(words.unreadable); });
        item.offset = (await ask(`${words.announce}/${item.code}`, { start: item.offset, sha256, part: piece }, item)).offset;
        item.tries = 0;
      }
      const done = await ask(`${words.announce}/${item.code}/finish`, {}, item);
      if (done.file) return false;
      item.offset = done.offset;
    }
  }

  async function carry(item) {
    for (item.tries = 0; !item.stopped; item.tries += 1) {
      try {
        const twice = await send(item);
        looks = 0;
        await refresh();
        sayState(item.file.name);
        if (twice) notice(fill(words.twice, { file: item.file.name }));
        forget(item);
        return;
      } catch (error) {
        if (error instanceof Stopped || item.stopped) return;
        if (error instanceof Refused) {
          show(item, "unreadable", item.offset, error.message);
          item.failed = true;
          return;
        }
        show(item, "interrupted", item.offset, error instanceof Ended ? words.ended : "");
        await pause(Math.min(30000, 1000 * 2 ** item.tries));
      }
    }
  }

  async function work() {
    if (busy) return;
    busy = true;
    for (;;) {
      const next = coming.find((item) => !item.failed && !item.stopped);
      if (!next) break;
      await carry(next);
    }
    busy = false;
  }

  function notice(text) {
    root.querySelectorAll(".notice[data-made]").forEach((each) => each.remove());
    const made = root.querySelector("template[data-notice]").content.cloneNode(true);
    const box = made.querySelector(".notice");
    box.querySelector("p").textContent = text;
    box.dataset.made = "";
    list.after(box);
    say(text);
  }

  field.addEventListener("change", () => {
    [...field.files].forEach(add);
    field.value = "";
    left = false;
    work();
  });

  form.addEventListener("submit", (event) => {
    if (left || !coming.some((item) => !item.failed)) return;
    event.preventDefault();
    left = true;
    notice(words.leave);
  });

  root.addEventListener("click", (event) => {
    const button = event.target.closest('#_draft_rows [data-act]');
    if (!button) return;
    event.preventDefault();
    const token = button.dataset.act === "remove" ? "removeToken" : "token";
    button.setAttribute("aria-disabled", "true");
    post(button.formAction, {}, token).catch(() => {}).then(refresh).catch(() => {});
  });

  addEventListener("online", wake);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) wake(); });
  look();
})();
