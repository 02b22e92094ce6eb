// The announcement form: files sent as they are dropped, each with its progress, then watched while they are read.
"use strict";

const papers = document.querySelector("[data-attachments]");
const form = document.getElementById("main");
const token = form.elements.csrf_token.value;
const WATCH_EVERY = 1500; // milliseconds

document.querySelectorAll("[data-use]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => {
    const field = document.getElementById(button.dataset.for);
    field.value = button.dataset.use;
    field.focus();
    button.parentElement.remove();
  });
});

function row(file) {
  const line = document.createElement("p");
  const name = document.createElement("span");
  const bar = document.createElement("progress");
  name.textContent = `${file.name} `;
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  line.append(name, bar);
  papers.querySelector("[data-uploads]").append(line);
  return { bar, say: (text) => { name.textContent = `${file.name} — ${text}`; bar.remove(); } };
}

function send(address, file) {
  const shown = row(file);
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("file", file);
    body.append("csrf_token", token);
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) shown.bar.value = event.loaded / event.total; });
    request.addEventListener("loadend", () => {
      if (request.status === 202) shown.say("✔");
      else if (request.status === 200) shown.say("✔ มีอยู่แล้ว");
      else shown.say(new DOMParser().parseFromString(request.responseText, "text/html").querySelector("h1")?.textContent || "✘");
      done(request.status === 202 || request.status === 200);
    });
    request.open("POST", address);
    request.send(body);
  });
}

async function take(files) {
  if (!papers.dataset.address) return; // a new announcement: the files go with the form
  const answers = await Promise.all([...files].map((file) => send(papers.dataset.address, file)));
  if (answers.some(Boolean)) { keep(); location.reload(); }
}

// What was typed survives the reload that shows the new files.
const KEPT = `typed ${location.pathname}`;
function keep() {
  const typed = {};
  for (const name of ["title", "body", "author", "category", "published_on", "kind"]) typed[name] = form.elements[name].value;
  sessionStorage.setItem(KEPT, JSON.stringify(typed));
}
const kept = JSON.parse(sessionStorage.getItem(KEPT) || "null");
if (kept) {
  for (const [name, value] of Object.entries(kept)) form.elements[name].value = value;
  sessionStorage.removeItem(KEPT);
}

const drop = papers.querySelector("[data-drop]");
const input = drop.querySelector("input");
for (const type of ["dragenter", "dragover"]) drop.addEventListener(type, (event) => { event.preventDefault(); drop.classList.add("over"); });
for (const type of ["dragleave", "drop"]) drop.addEventListener(type, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  input.files = event.dataTransfer.files;
  input.dispatchEvent(new Event("change"));
});
input.addEventListener("change", () => {
  if (papers.dataset.address) { take(input.files); input.value = ""; }
});

async function watch() {
  const open = [...papers.querySelectorAll("[data-attachment]")].filter((each) => ["waiting", "reading"].includes(each.dataset.status));
  if (!open.length || !papers.dataset.address) return;
  const answer = await fetch(papers.dataset.address).catch(() => null);
  if (answer && answer.ok) {
    let finished = false;
    for (const state of await answer.json()) {
      const shown = papers.querySelector(`[data-attachment="${state.id}"]`);
      if (!shown || shown.dataset.status === state.status) continue;
      shown.dataset.status = state.status;
      const label = shown.querySelector("[data-state]");
      label.textContent = state.state;
      label.className = `state ${state.status}`;
      finished ||= ["ready", "failed"].includes(state.status);
    }
    if (finished) { keep(); location.reload(); return; }
  }
  setTimeout(watch, WATCH_EVERY);
}
watch();
