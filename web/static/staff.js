// The announcement form: files are sent one by one as they are dropped, each with its progress; while they
// are read, the page is brought up to date around whatever a person is typing.
"use strict";

const form = document.getElementById("main");
const papers = form.querySelector("[data-papers]");
const rows = papers.querySelector("[data-rows]");
const drop = papers.querySelector("[data-drop]");
const input = drop.querySelector("input");
const WATCH_EVERY = 1500; // milliseconds

const AWAKE_EVERY = 5 * 60 * 1000;

// Whoever types is there: the session must not end before what is typed is saved.
let awake = Date.now();
form.addEventListener("input", () => {
  if (Date.now() - awake < AWAKE_EVERY) return;
  awake = Date.now();
  fetch(papers.dataset.awake);
});

function sending(file) {
  const line = document.createElement("li");
  const name = document.createElement("span");
  const bar = document.createElement("progress");
  name.textContent = `${file.name} `;
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  line.append(name, bar);
  papers.querySelector("[data-uploads]").append(line);
  return {
    bar,
    say: (text) => { name.textContent = `${file.name} — ${text}`; bar.remove(); },
    done: () => line.remove(),
  };
}

function send(address, file, shown) {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("csrf_token", form.elements.csrf_token.value);
    body.append("file", file);
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) shown.bar.value = event.loaded / event.total; });
    request.addEventListener("loadend", () => {
      if (request.status === 202) shown.done();
      else if (request.status === 200) shown.say(papers.dataset.again);
      else shown.say(new DOMParser().parseFromString(request.responseText, "text/html").querySelector("h1")?.textContent || papers.dataset.refused);
      done(request.status === 202);
    });
    request.open("POST", address);
    request.send(body);
  });
}

async function take(files) {
  const list = [...files].map((file) => ({ file, shown: sending(file) }));
  if (!list.length) return;
  const draft = papers.dataset.address ? null : await begin(list[0].file.name);
  const address = papers.dataset.address || (draft && `${draft}/attachments`);
  if (!address) return list.forEach(({ shown }) => shown.say(papers.dataset.refused));
  let refused = false;
  for (const { file, shown } of list) refused = !(await send(address, file, shown)) || refused; // in order: it is theirs on the page
  if (draft && !refused) location.assign(draft);
  else if (draft) setTimeout(() => location.assign(draft), 4000); // time to read what was refused
  else update();
}

// A new announcement becomes a draft with its first files. Returns its address.
async function begin(name) {
  const body = new FormData(form);
  body.delete("files");
  body.append("first_filename", name);
  const answer = await fetch(form.action, { method: "POST", body }).catch(() => null);
  return answer && answer.redirected ? new URL(answer.url).pathname : null;
}

const typed = (field) => field.tagName === "SELECT" ? [...field.options].some((one) => one.selected !== one.defaultSelected) : field.value !== field.defaultValue;
const untouched = (part) => !part.contains(document.activeElement) && ![...part.querySelectorAll("textarea, select")].some(typed);

// The page as it is now, taken over wherever nobody is at work.
async function update() {
  const answer = await fetch(location.pathname).catch(() => null);
  if (!answer || !answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const row of fresh.querySelectorAll("[data-attachment]")) {
    const shown = rows.querySelector(`[data-attachment="${row.dataset.attachment}"]`);
    if (!shown) rows.append(row);
    else if (shown.dataset.status === row.dataset.status && shown.dataset.progress === row.dataset.progress) continue;
    else if (untouched(shown)) shown.replaceWith(row);
    else { shown.querySelector(".facts").replaceWith(row.querySelector(".facts")); Object.assign(shown.dataset, row.dataset); }
  }
  if (fresh.querySelector("[name=seen]").value === form.elements.seen.value) fill(fresh);
  offers(rows);
}

function fill(fresh) {
  const note = fresh.querySelector("[data-filled]");
  if (!note || papers.dataset.own) return;
  papers.dataset.own = "yes";
  form.querySelector("[data-awaited]")?.remove();
  document.getElementById("said").after(note);
  for (const name of ["title", "kind", "published_on"]) {
    const field = form.elements[name];
    if (!typed(field) && field !== document.activeElement) field.value = fresh.getElementById(name).value;
  }
  document.getElementById("heading").textContent = form.elements.title.value;
}

function offers(part) {
  part.querySelectorAll("[data-use][hidden]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const field = document.getElementById(button.dataset.for);
      field.value = button.dataset.use;
      field.focus();
      button.parentElement.remove();
    });
  });
}

async function watch() {
  if (rows.querySelector("[data-status=waiting], [data-status=reading]")) await update();
  setTimeout(watch, WATCH_EVERY);
}

for (const type of ["dragenter", "dragover"]) drop.addEventListener(type, (event) => { event.preventDefault(); drop.classList.add("over"); });
for (const type of ["dragleave", "drop"]) drop.addEventListener(type, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => { event.preventDefault(); take(event.dataTransfer.files); });
input.addEventListener("change", () => { const files = [...input.files]; input.value = ""; take(files); });
offers(document);
if (papers.dataset.address) watch();
