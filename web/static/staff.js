// Staff's forms: files are sent one by one as they are dropped, each with its progress; what fails stays listed
// until it is sent or dismissed; while documents are read, the page is brought up to date around whatever a
// person is typing; and leaving with work that is not saved asks first.
"use strict";

const WATCH_EVERY = 1500; // milliseconds between looks at how far documents are read
const REFUSALS = new Set([413, 422]); // answers to a file that is too large, or not one that is accepted
const RETRY_AFTER = [1000, 4000]; // milliseconds after a lost connection until a file is sent again by itself
const OFFLINE_AT_MOST = 10 * 60 * 1000; // milliseconds for which a device without network is waited for
const SCROLL_EDGE = 70; // CSS pixels from the window's edge within which a dragged paper scrolls the page
const SCROLL_STEP = 10; // CSS pixels a frame
const FRAME = 16; // milliseconds
const LOOK_EVERY = 20 * 1000; // milliseconds between looks at who else has the announcement open, or saved it
const LOOK_AT_MOST = 10 * 60 * 1000; // milliseconds after the last work in the form: an idle session must end
const AWAKE_EVERY = 30 * 1000; // milliseconds of work in the form after which the service hears of it

const uploads = new Set(); // files that are on their way, or that failed and still wait

// Unsaved work: a form that was typed into, or files that did not arrive.
let leaving = false; // a button or link of ours was pressed that saves what is there
const unsavedForm = () => document.querySelector("form[data-unsaved]");
const typed = (field) => {
  if (field.type === "hidden" || field.type === "file" || field.disabled) return false;
  if (field.tagName === "SELECT") return [...field.options].some((one) => one.selected !== one.defaultSelected);
  if (field.type === "radio" || field.type === "checkbox") return field.checked !== field.defaultChecked;
  return "defaultValue" in field && field.value !== field.defaultValue;
};
const filledIn = new WeakMap(); // field → value that was filled in from the documents, not by a person
const unsaved = (form) =>
  form.dataset.unsaved === "typed" ||
  [...form.elements].some((field) => typed(field) && filledIn.get(field) !== field.value);

// A note that a value comes from the documents is hidden while another value stands in the field.
document.addEventListener("input", ({ target }) => {
  const note = target.name && document.getElementById(`from-${target.name}`);
  if (note) note.hidden = typed(target) && filledIn.get(target) !== target.value;
});

// What residents will read of a withdrawn announcement has the reason as it is typed.
document.addEventListener("input", ({ target }) => {
  const shown = target.id && document.querySelector(`[data-typed-in="${CSS.escape(target.id)}"]`);
  if (shown) shown.textContent = target.value.trim() || shown.dataset.blank;
});

if (unsavedForm()) {
  addEventListener("submit", (event) => {
    if (event.target === unsavedForm()) leaving = true;
  });
  addEventListener("pageshow", () => {
    leaving = false;
  });
  addEventListener("beforeunload", (event) => {
    if (!uploads.size && (leaving || !unsaved(unsavedForm()))) return;
    event.preventDefault();
    event.returnValue = ""; // what older browsers ask for
  });
}

// The parts of the page. They are others once a new announcement has become a draft.
let form, papers, rows;
function findParts() {
  form = document.getElementById("main");
  papers = form?.querySelector("[data-papers]");
  rows = papers?.querySelector("[data-rows]");
}

// Names of files that have not arrived, each with the reason why it was refused, or null. They stay known when the
// page is loaded again, which the files do not.
const unsent = new Map();
const unsentKey = () => `unsent ${location.pathname}`;
function noteUnsent(name, refusal = null) {
  unsent.set(name, refusal);
  storeUnsent();
}
function forgetUnsent(name) {
  unsent.delete(name);
  storeUnsent();
}
function storeUnsent() {
  if (unsent.size) sessionStorage.setItem(unsentKey(), JSON.stringify([...unsent]));
  else sessionStorage.removeItem(unsentKey());
}

// Whoever works in the form is there: the session must not end before what is typed is saved, others are told who
// has the form open, and the person is told of somebody else at work on the same announcement.
let awake = Date.now();
let worked = Date.now();
function keepAwake() {
  for (const type of ["input", "focusin", "pointerdown"]) form.addEventListener(type, tellOfWork);
}

async function tellOfWork() {
  worked = Date.now();
  if (worked - awake < AWAKE_EVERY) return;
  awake = worked;
  await showOtherEditor(papers.dataset.awake);
}

// Whoever only has the form open in sight is told of others too.
function lookForOthers() {
  if (document.hidden || Date.now() - worked > LOOK_AT_MOST) return;
  showOtherEditor(`${papers.dataset.awake}&look=yes`);
}

async function showOtherEditor(address) {
  const answer = await fetch(address).catch(() => null);
  const note = form.querySelector("[data-other-editor]");
  const isKnown = papers.dataset.address; // of a new announcement nobody else knows: the answer is for the session
  if (!answer?.ok || isSignIn(answer.url) || !note || !isKnown) return;
  note.textContent = await answer.text();
  note.hidden = !note.textContent;
}

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button small";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

// A line in the list of files that are sent.
function sending(file) {
  const line = document.createElement("li");
  const name = document.createElement("span");
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.setAttribute("aria-label", file.name);
  const shown = {
    bar,
    begin: () => {
      name.textContent = `${file.name} `;
      bar.value = 0;
      line.className = "";
      line.replaceChildren(name, bar);
      uploads.add(shown);
    },
    done: () => {
      uploads.delete(shown);
      forgetUnsent(file.name);
      line.remove();
    },
    wait: (text) => {
      name.textContent = `${file.name} — ${text} `;
    },
    say: (text) => {
      uploads.delete(shown);
      forgetUnsent(file.name);
      name.textContent = `${file.name} — ${text}`;
      line.replaceChildren(name, button(papers.dataset.dismiss, shown.done));
    },
    // the same bytes would be refused again
    refuse: (text) => {
      noteUnsent(file.name, text);
      shown.fail(text);
    },
    fail: (text, again) => {
      line.className = "failed";
      name.textContent = `${file.name} — ${text}`;
      const { retry, dismiss } = papers.dataset;
      line.replaceChildren(
        name,
        ...(again ? [button(retry, again)] : []),
        button(dismiss, async () => {
          await shown.dropDraft?.();
          shown.done();
          settle();
        }),
      );
    },
  };
  shown.begin();
  noteUnsent(file.name);
  papers.querySelector("[data-uploads]").append(line);
  line.scrollIntoView({ block: "nearest" }); // on a phone the list may be out of sight
  return shown;
}

// Lines for the files that had not arrived when the page was left. A file must be chosen again to be sent. Another
// new announcement has none of them.
function listUnsent() {
  const isReload = performance.getEntriesByType("navigation")[0]?.type !== "navigate";
  if (!papers.dataset.address && !isReload && form.dataset.unsaved !== "typed") sessionStorage.removeItem(unsentKey());
  for (const [name, refusal] of JSON.parse(sessionStorage.getItem(unsentKey()) || "[]")) {
    const line = document.createElement("li");
    const { retry, dismiss, choose } = papers.dataset;
    unsent.set(name, refusal);
    line.className = "failed";
    line.dataset.unsent = name;
    line.append(
      `${name} — ${refusal ?? choose} `,
      ...(refusal ? [] : [button(retry, () => papers.querySelector("#files").click())]),
      button(dismiss, () => {
        forgetUnsent(name);
        line.remove();
      }),
    );
    papers.querySelector("[data-uploads]").append(line);
  }
}

const pause = (milliseconds) => new Promise((over) => setTimeout(over, milliseconds));

// Waits before the files are sent again: a moment, and while the device has no network at all, until it has.
async function pauseBeforeRetry(milliseconds, shownFiles) {
  shownFiles.forEach((shown) => shown.wait(papers.dataset.waiting));
  await pause(milliseconds);
  const online = new Promise((over) => addEventListener("online", over, { once: true }));
  if (!navigator.onLine) await Promise.race([online, pause(OFFLINE_AT_MOST)]);
}

// Sends the file, again after a lost connection. The same bytes are recognised, so that sending twice does no harm.
// ``lost``: an earlier try may have arrived without an answer, and the same bytes are then no news to the clerk.
async function send(address, file, shown, lost = false) {
  const fail = (text) =>
    shown.fail(text, () =>
      renewToken(form)
        .then(() => send(address, file, shown, true))
        .then(settle),
    );
  let request = await sendOnce(address, file, shown);
  for (const wait of RETRY_AFTER) {
    if (request.status) break;
    lost = true;
    await pauseBeforeRetry(wait, [shown]);
    request = await sendOnce(address, file, shown);
  }
  if (isSignIn(request.responseURL)) return fail(papers.dataset.signedOut);
  if (request.status === 202 || (request.status === 200 && lost)) return shown.done();
  if (request.status === 200) return shown.say(papers.dataset.again);
  if (!request.status) return fail(papers.dataset.lost);
  const answer = new DOMParser().parseFromString(request.responseText, "text/html");
  const said = answer.querySelector("h1")?.textContent || papers.dataset.refused;
  return REFUSALS.has(request.status) ? shown.refuse(said) : fail(said);
}

// Who was signed out meanwhile is led to the sign-in page: nothing has arrived.
const isSignIn = (address) => address && new URL(address).pathname === papers.dataset.signIn;

function sendOnce(address, file, shown) {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("csrf_token", form.elements.csrf_token.value);
    body.append("file", file);
    shown.begin();
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) shown.bar.value = event.loaded / event.total;
    });
    request.addEventListener("loadend", () => done(request));
    request.open("POST", address);
    request.send(body);
  });
}

let goOn = null; // address to go to once no file waits

function take(files) {
  const chosen = [...files];
  const lines = [...papers.querySelectorAll("[data-unsent]")];
  for (const { name } of chosen) lines.find((line) => line.dataset.unsent === name)?.remove();
  if (papers.dataset.address || chosen.length < 2) return takeTogether(chosen);
  return askHowMany(chosen);
}

// Several papers for a new announcement may be one announcement or several. Saving waits for the answer.
function askHowMany(files) {
  const line = document.createElement("li");
  const text = document.createElement("p");
  const names = document.createElement("ul");
  const { ask, together, apart, cancel } = papers.dataset;
  const drop = papers.querySelector("[data-drop]");
  const close = () => {
    drop.hidden = false;
    papers.querySelector("#files").focus();
    line.remove();
  };
  const answer = (words, act) =>
    button(words.replace("#", files.length), () => {
      close();
      act(files);
    });
  line.className = "question";
  text.textContent = ask.replace("#", files.length);
  names.append(...files.map((file) => Object.assign(document.createElement("li"), { textContent: file.name })));
  line.append(text, names, answer(together, takeTogether), answer(apart, takeApart), button(cancel, close));
  papers.querySelector("[data-uploads]").append(line);
  drop.hidden = true;
  line.querySelector("button").focus();
}

function holdForAnswer(event) {
  const question = papers?.querySelector(".question");
  if (!question || event.target !== form) return;
  event.preventDefault();
  leaving = false;
  const said = question.querySelector(".fault") || document.createElement("p");
  said.className = "fault";
  said.setAttribute("role", "alert");
  said.textContent = papers.dataset.answer;
  question.prepend(said);
  question.scrollIntoView({ block: "center" });
  question.querySelector("button").focus({ preventScroll: true });
}

async function takeTogether(files) {
  if (!files.length) return;
  const list = files.map((file) => ({ file, shown: sending(file) }));
  if (!papers.dataset.address) {
    const { page, address, refusal } = await begin(list, form);
    if (!page) {
      const again = () => {
        list.forEach(({ shown }) => shown.done());
        renewToken(form).then(() => takeTogether(files));
      };
      return list.forEach(({ shown }) => shown.fail(refusal, again));
    }
    showDraft(page, address);
  }
  // in order: it is theirs on the page
  for (const { file, shown } of list) await send(papers.dataset.address, file, shown);
  await settle();
}

// The number of the next file that is to become a draft of its own. It starts with the time, for a form that could not
// be saved is shown again with its key, and no file may get the number of one that was sent before.
let nextNumber = Date.now();

// Each file becomes a draft of its own; then the list of one's own drafts is shown. Others may be dropped meanwhile,
// and the page may become the draft of theirs: each file keeps its number, and all are sent with the blank form.
async function takeApart(files) {
  goOn = papers.dataset.drafts;
  const blank = form;
  const list = files.map((file) => ({ file, number: nextNumber++, shown: sending(file) }));
  const one = async ({ file, number, shown }) => {
    const { address, refusal } = await begin([{ shown }], blank, number);
    if (address) {
      shown.dropDraft = () => trash(address); // a draft of a file that is given up has nothing in it
      return send(`${address}/attachments`, file, shown);
    }
    return shown.fail(refusal, () => {
      shown.begin();
      renewToken(form)
        .then(() => one({ file, number, shown }))
        .then(settle);
    });
  };
  for (const each of list) await one(each);
  await settle();
}

function trash(address) {
  const body = new FormData();
  body.append("csrf_token", form.elements.csrf_token.value);
  return fetch(`${address}/trash`, { method: "POST", body }).catch(() => null);
}

// Once nothing is on its way and nothing failed: on to the drafts, or the rows of what arrived.
async function settle() {
  if (!goOn) return update();
  if (uploads.size || papers.querySelector("[data-uploads]").children.length) return;
  leaving = true;
  location.assign(goOn);
}

// A new announcement becomes a draft with its first files. The same form sent again gives the same draft, so that an
// answer that was lost makes no second one. ``list``: its files with their lines; ``blank``: the new announcement's
// form; ``number``: of a file that becomes a draft of its own, another one for each file of the page. Returns the
// draft's page and address, or why there is none.
async function begin(list, blank, number) {
  const body = new FormData(blank);
  body.set("csrf_token", form.elements.csrf_token.value); // the present one, which may have been renewed
  body.delete("files");
  body.append("files_follow", "yes");
  if (number !== undefined) {
    body.set("form_key", `${body.get("form_key")}-${number}`);
    body.set("title", "");
  }
  const shownFiles = list.map(({ shown }) => shown);
  for (const wait of [0, ...RETRY_AFTER]) {
    if (wait) await pauseBeforeRetry(wait, shownFiles);
    const answer = await fetch(blank.action, { method: "POST", body }).catch(() => null);
    const text = await answer?.text().catch(() => null);
    if (!text) continue;
    const page = new DOMParser().parseFromString(text, "text/html");
    if (isSignIn(answer.url)) return { refusal: papers.dataset.signedOut };
    if (answer.redirected) return { page, address: new URL(answer.url).pathname };
    return { refusal: page.querySelector(".notice.bad, h1")?.textContent.trim() || papers.dataset.refused };
  }
  return { refusal: papers.dataset.lost };
}

// The page of the draft in the place of the blank form, with the files that are on their way, with what was typed
// meanwhile, and with the focus where it was.
function showDraft(page, address) {
  const [before, focused] = [form, document.activeElement.id];
  const sent = [...papers.querySelector("[data-uploads]").children];
  sessionStorage.removeItem(unsentKey());
  history.replaceState(null, "", address);
  document.title = page.title;
  document.querySelector("main").replaceWith(page.querySelector("main"));
  start();
  fileButton(papers.querySelector("#files"));
  papers.querySelector("[data-uploads]").append(...sent);
  storeUnsent();
  for (const field of form.elements) {
    const typedIn = field.id && field.type !== "file" && before.querySelector(`#${CSS.escape(field.id)}`);
    if (!typedIn || !typed(typedIn)) continue;
    if (field.type === "checkbox") field.checked = typedIn.checked;
    else field.value = typedIn.value;
  }
  document.getElementById(focused)?.focus();
  movePress(before, form);
}

const untouched = (part) =>
  !part.contains(document.activeElement) && ![...part.querySelectorAll("textarea, select")].some(typed);

let isBehind = false; // the page could not be brought up to date, and files that arrived may not be on it

// The page as it is now, taken over wherever nobody is at work.
async function update() {
  const answer = await fetch(location.pathname).catch(() => null);
  const text = answer?.ok ? await answer.text().catch(() => "") : "";
  isBehind = !text;
  if (isBehind) return;
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const page = fresh.getElementById("first-page");
  if (page && !document.getElementById("first-page")) {
    form.after(page);
    zoomButton(page.querySelector("[data-zoom]"));
    form.querySelector("[popovertarget=first-page]").hidden = false;
  }
  for (const row of fresh.querySelectorAll("[data-attachment]")) {
    const shown = rows.querySelector(`[data-attachment="${row.dataset.attachment}"]`);
    row.querySelectorAll("img").forEach(retryPicture);
    if (!shown) {
      rows.append(row);
      arrows();
    } else if (["status", "progress", "hold"].every((name) => shown.dataset[name] === row.dataset[name])) continue;
    else if (untouched(shown)) {
      row.lastElementChild.prepend(...shown.querySelectorAll("[data-said]"));
      shown.replaceWith(row);
      showPage(row.querySelector("[data-new-file] img"));
    } else {
      shown.querySelector(".facts").replaceWith(row.querySelector(".facts"));
      const notes = shown.querySelector("[data-notes]");
      if (!notes.contains(document.activeElement)) notes.replaceWith(row.querySelector("[data-notes]"));
      Object.assign(shown.dataset, row.dataset);
    }
  }
  const awaited = fresh.querySelector("[data-awaited]");
  if (!awaited) form.querySelector("[data-awaited]")?.remove();
  if (awaited && !papers.dataset.own && !form.querySelector("[data-awaited]"))
    document.getElementById("said").after(awaited);
  const nothing = fresh.querySelector("[data-nothing]");
  form.querySelector("[data-nothing]")?.remove();
  if (nothing && !form.elements.title.value) document.getElementById("said").after(nothing);
  fill(fresh);
  const title = form.elements.title;
  const heading = typed(title)
    ? title.defaultValue
      ? null
      : title.value
    : fresh.getElementById("heading").textContent;
  if (heading) document.getElementById("heading").textContent = heading;
  const compact = fresh.querySelector("[data-compact]");
  if (compact && !papers.querySelector("[data-compact]")) {
    rows.before(compact.closest("label"));
    keepCompact();
  }
  offers(rows);
  showHandles();
}

function fill(fresh) {
  const note = fresh.querySelector("[data-filled]");
  if (!note || papers.dataset.own) return;
  papers.dataset.own = "yes";
  form.querySelector("[data-awaited]")?.remove();
  document.getElementById("said").after(note);
  for (const name of ["title", "kind", "published_on", "author"]) {
    const field = form.elements[name];
    if (typed(field) || field === document.activeElement) continue;
    field.value = fresh.getElementById(name).value;
    filledIn.set(field, field.value);
    const source = fresh.getElementById(`from-${name}`);
    if (source) field.after(source);
  }
}

function offers(part) {
  part.querySelectorAll("[data-use][hidden]").forEach((offer) => {
    offer.hidden = false;
    offer.addEventListener("click", () => {
      const field = document.getElementById(offer.dataset.for);
      field.value = offer.dataset.use;
      field.focus();
      offer.closest("p").remove();
    });
  });
}

let watching = false;

async function watch() {
  watching = true;
  if (isBehind || rows.querySelector("[data-status=waiting], [data-status=reading]")) await update();
  setTimeout(watch, WATCH_EVERY);
}

function acceptDrops(drop) {
  const input = drop.querySelector("input");
  for (const type of ["dragenter", "dragover"])
    drop.addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  for (const type of ["dragleave", "drop"]) drop.addEventListener(type, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  input.addEventListener("change", () => {
    const files = [...input.files];
    input.value = "";
    take(files);
  });
}

const THAI_DIGITS = "๐๑๒๓๔๕๖๗๘๙";
const arabicDigits = (text) =>
  [...text].map((sign) => (THAI_DIGITS.includes(sign) ? THAI_DIGITS.indexOf(sign) : sign)).join("");

// Papers are put in order by dragging their handle, with the mouse or a finger, by the arrows, or by typing a number
// and Enter. The order alone is stored; what is typed in the form stays there.
function acceptOrder() {
  rows.addEventListener("pointerdown", (event) => {
    const row = event.button === 0 && event.target.closest("[data-handle]")?.closest("[data-attachment]");
    if (!row) return;
    event.preventDefault();
    drag(row, event);
  });
  rows.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.name?.startsWith("position-")) return;
    event.preventDefault();
    event.target.closest(".place").querySelector("button").click();
  });
  rows.addEventListener("click", (event) => {
    const pressed = event.target.closest("button[name=to]");
    if (!pressed) return;
    const row = pressed.closest("[data-attachment]");
    const others = [...rows.children].filter((each) => each !== row);
    const number = arabicDigits(row.querySelector("[name^=position-]").value.trim());
    if (pressed.value === "number" && !/^[0-9]+$/.test(number)) return; // the service says what is wrong
    event.preventDefault();
    const at = {
      up: others.indexOf(row.previousElementSibling),
      down: others.indexOf(row.nextElementSibling) + 1,
      number: number - 1,
    };
    rows.insertBefore(row, others[Math.max(at[pressed.value], 0)] ?? null);
    place(row);
    arrows();
    row.scrollIntoView({ block: "nearest" });
    const still = pressed.disabled ? row.querySelector("button[name=to]:not(:disabled):not([value=number])") : pressed;
    still?.focus({ preventScroll: true });
  });
}

// Moves the row with the pointer until it is let go; near the window's edge the page scrolls.
function drag(row, { pointerId, clientX, clientY }) {
  const before = [...rows.children];
  let y = clientY;
  const put = () => {
    const over = document.elementFromPoint(clientX, y)?.closest("[data-attachment]");
    if (!over || over === row) return;
    const box = over.getBoundingClientRect();
    over[y < box.top + box.height / 2 ? "before" : "after"](row);
  };
  const scrolling = setInterval(() => {
    const step = y < SCROLL_EDGE ? -SCROLL_STEP : y > innerHeight - SCROLL_EDGE ? SCROLL_STEP : 0;
    if (step) {
      scrollBy(0, step);
      put();
    }
  }, FRAME);
  const ended = new AbortController();
  const end = (event) => {
    clearInterval(scrolling);
    ended.abort();
    row.classList.remove("dragged");
    if (event.type === "pointercancel") rows.append(...before);
    else if (before.some((each, at) => rows.children[at] !== each)) place(row);
  };
  rows.setPointerCapture(pointerId); // of the list, for the row itself is moved
  row.classList.add("dragged");
  rows.addEventListener(
    "pointermove",
    (event) => {
      y = event.clientY;
      put();
    },
    { signal: ended.signal },
  );
  for (const type of ["pointerup", "pointercancel"]) rows.addEventListener(type, end, { signal: ended.signal });
}

let orderStored = Promise.resolve(); // moves are sent one after the other

function place(row) {
  const shown = row.querySelector("[name^=position-]");
  const position = [...rows.children].indexOf(row) + 1;
  const was = form.elements[`was-${row.dataset.attachment}`];
  const stored = was.value; // until the move is stored: saving the form stores it too
  shown.value = shown.defaultValue = position;
  number();
  was.value = stored;
  orderStored = orderStored.then(() => storePlace(row, position));
}

async function storePlace(row, position) {
  const { attachment, move } = row.dataset;
  const body = new FormData();
  body.append("csrf_token", form.elements.csrf_token.value);
  body.append("to", "number");
  body.append(`position-${attachment}`, position);
  body.append("no_page", "1"); // of fifty papers it is 290 KB, and nobody looks at it
  const answer = await fetch(move, { method: "POST", body }).catch(() => null);
  if (answer?.status === 204) return number();
  const line = document.createElement("li");
  line.className = "failed";
  line.append(
    papers.dataset.refused,
    button(papers.dataset.retry, () => {
      line.remove();
      place(row);
    }),
  );
  papers.querySelector("[data-uploads]").append(line);
}

// The numbers beside the rows, as they stand now. One that is typed and not yet carried out stays typed.
function number() {
  [...rows.children].forEach((row, at) => {
    const shown = form.elements[`position-${row.dataset.attachment}`];
    if (!typed(shown)) shown.value = at + 1;
    shown.defaultValue = at + 1;
    form.elements[`was-${row.dataset.attachment}`].value = at + 1;
  });
  arrows();
}

function arrows() {
  [...rows.children].forEach((row, at) => {
    row.querySelector("[value=up]").disabled = at === 0;
    row.querySelector("[value=down]").disabled = at === rows.children.length - 1;
  });
}

// The page beside the form is that of the paper in whose row somebody is at work, or of the file that waits there.
function acceptWork() {
  rows.addEventListener("focusin", ({ target }) => {
    const part = target.closest("[data-new-file]") ?? target.closest("[data-attachment]").querySelector(".thumb");
    showPage(part.querySelector("img"));
  });
}

function showPage(small) {
  const shown = document.querySelector("#first-page img");
  const page = small?.src.replace("width=240", "width=1000");
  if (shown && page && shown.src !== page) shown.src = page;
}

// The choice to show only numbers and names of the papers stays while the page is loaded again.
function keepCompact() {
  const tick = papers.querySelector("[data-compact]");
  if (!tick) return;
  const key = `compact ${location.pathname}`;
  tick.checked = sessionStorage.getItem(key) !== null;
  tick.addEventListener("change", () =>
    tick.checked ? sessionStorage.setItem(key, "yes") : sessionStorage.removeItem(key),
  );
}

const showHandles = () =>
  rows.querySelectorAll("[data-handle]").forEach((handle) => {
    handle.hidden = false;
  });

function start() {
  findParts();
  if (!papers) return;
  keepAwake();
  const drop = papers.querySelector("[data-drop]");
  if (drop) acceptDrops(drop);
  offers(document);
  acceptOrder();
  acceptWork();
  showHandles();
  keepCompact();
  if (!papers.dataset.address || watching) return;
  watch();
  setInterval(lookForOthers, LOOK_EVERY);
}

start();
if (papers) {
  listUnsent();
  addEventListener("submit", holdForAnswer);
}

// A link to a field leads into it, not only to its place.
const field = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
if (field && field.matches("input, select, textarea")) field.focus();

// What was just done is said where the page opens, for its head is out of sight there.
const messages = document.querySelectorAll("main > .notice[role=status]");
messages.forEach((message) => {
  message.dataset.said = "";
});
if (field && messages.length && field.matches("[data-attachment]")) field.lastElementChild.prepend(...messages);
else if (field && messages.length && field.matches("h2")) field.after(...messages);
