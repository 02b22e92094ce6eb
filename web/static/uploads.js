// Files of an announcement, sent one by one as they are dropped, each with its progress; what fails stays listed until
// it is sent or dismissed. Started by announcement.js.
"use strict";

const REFUSALS = new Set([413, 422]); // answers to a file that is too large, or not one that is accepted
const RETRY_AFTER = [1000, 4000]; // milliseconds after a lost connection until a file is sent again by itself
const OFFLINE_AT_MOST = 10 * 60 * 1000; // milliseconds for which a device without network is waited for

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

// How many of the files have arrived, for a list that is longer than the screen.
const sum = { all: 0, arrived: 0 };
function showSum() {
  const line = papers.querySelector("[data-sent]");
  line.hidden = sum.all < 2;
  line.textContent = papers.dataset.sentOf.replace("#", sum.arrived).replace("#", sum.all);
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
      if (!shown.hasArrived) sum.all -= 1;
      showSum();
    },
    arrive: () => {
      shown.hasArrived = true;
      sum.arrived += 1;
      showSum();
    },
    wait: (text) => {
      name.textContent = `${file.name} — ${text} `;
    },
    say: (text) => {
      shown.arrive();
      uploads.delete(shown);
      forgetUnsent(file.name);
      name.textContent = `${file.name} — ${text}`;
      line.replaceChildren(name, button(papers.dataset.dismiss, shown.done));
    },
    // the same bytes would be refused again
    refuse: (text) => {
      noteUnsent(file.name, text);
      shown.isRefused = true;
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
  if (!uploads.size && !papers.querySelector("[data-uploads]").children.length) sum.all = sum.arrived = 0;
  sum.all += 1;
  shown.begin();
  showSum();
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
  if (request.status === 202 || (request.status === 200 && lost)) {
    shown.arrive();
    return shown.done();
  }
  if (request.status === 200) return shown.say(papers.dataset.again);
  if (!request.status) return fail(papers.dataset.lost);
  const answer = new DOMParser().parseFromString(request.responseText, "text/html");
  const said = answer.querySelector("h1")?.textContent || papers.dataset.refused;
  return REFUSALS.has(request.status) ? shown.refuse(said) : fail(said);
}

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
const made = new Set(); // ids of the drafts that it names

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
  const blank = !papers.dataset.address && !unsaved(form) && location.href; // with nothing typed into it
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
  if (blank && list.every(({ shown }) => shown.isRefused) && !unsaved(form)) return giveUpDraft(blank);
  await settle();
}

// A draft of refused files alone is put into the trash; the blank form lists them with what was said of them.
async function giveUpDraft(blank) {
  await trash(location.pathname);
  sessionStorage.removeItem(unsentKey());
  history.replaceState(null, "", blank);
  storeUnsent();
  uploads.clear();
  leaving = true;
  location.reload();
}

// The number of the next file that is to become a draft of its own. It starts with the time, for a form that could not
// be saved is shown again with its key, and no file may get the number of one that was sent before.
let nextNumber = Date.now();

// Each file becomes a draft of its own; then the list of one's own drafts is shown. Others may be dropped meanwhile,
// and the page may become the draft of theirs: each file keeps its number, and all are sent with the blank form.
async function takeApart(files) {
  goOn ??= new URL(papers.dataset.drafts, location.href);
  const blank = form;
  const list = files.map((file) => ({ file, number: nextNumber++, shown: sending(file) }));
  const one = async ({ file, number, shown }) => {
    const { address, refusal } = await begin([{ shown }], blank, number);
    if (address) {
      made.add(address.match(new RegExp("[0-9]+$"))[0]);
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
  goOn.searchParams.set("made", [...made].join("-"));
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
  showSum();
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
