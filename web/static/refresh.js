// While documents are read, the page of an announcement is brought up to date around whatever a person is typing.
// Started by announcement.js.
"use strict";

const WATCH_EVERY = 1500; // milliseconds between looks at how far documents are read

const untouched = (part) =>
  !part.contains(document.activeElement) && ![...part.querySelectorAll("textarea, select")].some(typed);

let firstPage = document.querySelector("#first-page img")?.src; // of the first paper that could be drawn so far
let isBehind = false; // the page could not be brought up to date, and files that arrived may not be on it

// The page as it is now, taken over wherever nobody is at work.
async function update() {
  const answer = await fetch(location.pathname).catch(() => null);
  const text = answer?.ok ? await answer.text().catch(() => "") : "";
  isBehind = !text;
  if (isBehind) return;
  const fresh = new DOMParser().parseFromString(text, "text/html");
  showFirstPage(fresh.getElementById("first-page"));
  fresh.querySelectorAll("[data-attachment]").forEach(showRow);
  showNotes(fresh);
  fill(fresh);
  showHeading(fresh);
  showStanding(fresh);
  const many = fresh.querySelector("[data-many]");
  const sum = papers.querySelector("[data-sum]");
  if (many && sum) sum.replaceWith(many.querySelector("[data-sum]"));
  else if (many) {
    rows.before(many);
    keepCompact();
  }
  offers(rows);
  showHandles();
}

function showFirstPage(page) {
  if (!page) return;
  const picture = page.querySelector("img");
  const shown = document.querySelector("#first-page img");
  if (shown && shown.src === firstPage) showPage(picture);
  firstPage = picture.src;
  if (shown) return;
  form.after(page);
  zoomButton(page.querySelector("[data-zoom]"));
  form.querySelector("[popovertarget=first-page]").hidden = false;
}

// Whether the announcement is public, what is in doubt then, and the buttons below, once it was published by itself.
function showStanding(fresh) {
  const before = document.querySelectorAll("[data-standing]");
  const now = fresh.querySelectorAll("[data-standing]");
  if (!now.length || before[0].dataset.standing === now[0].dataset.standing) return;
  document.querySelector("main > .notice.good")?.remove();
  before[0].before(...now);
  before.forEach((part) => part.remove());
  form.querySelector(".saving").replaceWith(fresh.querySelector(".saving"));
  const opened = form.elements.last_change;
  const last = fresh.querySelector("[name=last_change]");
  if (Number(opened.value) >= Number(last.dataset.ofPerson)) opened.value = last.value; // no colleague's is passed over
}

// The row of a file as it is now; of one in which somebody is at work, only what is said beside it.
function showRow(row) {
  const shown = rows.querySelector(`[data-attachment="${row.dataset.attachment}"]`);
  row.querySelectorAll("img").forEach(retryPicture);
  if (!shown) {
    rows.append(row);
    arrows();
    return;
  }
  if (["status", "progress", "hold"].every((name) => shown.dataset[name] === row.dataset[name])) return;
  if (untouched(shown)) {
    row.lastElementChild.prepend(...shown.querySelectorAll("[data-said]"));
    shown.replaceWith(row);
    showPage(row.querySelector("[data-new-file] img"));
    return;
  }
  shown.querySelector(".facts").replaceWith(row.querySelector(".facts"));
  const notes = shown.querySelector("[data-notes]");
  if (!notes.contains(document.activeElement)) notes.replaceWith(row.querySelector("[data-notes]"));
  Object.assign(shown.dataset, row.dataset);
}

// Above the fields: that documents are still read, or that nothing was found in them.
function showNotes(fresh) {
  const said = document.getElementById("said");
  const awaited = fresh.querySelector("[data-awaited]");
  const shown = form.querySelector("[data-awaited]");
  if (!awaited) shown?.remove();
  if (awaited && !papers.dataset.own && !shown) said.after(awaited);
  const nothing = fresh.querySelector("[data-nothing]");
  form.querySelector("[data-nothing]")?.remove();
  if (nothing && !form.elements.title.value) said.after(nothing);
}

// The heading is the title; while one is typed, that one, unless it replaces a title that is saved.
function showHeading(fresh) {
  const title = form.elements.title;
  if (typed(title) && title.defaultValue) return;
  const heading = typed(title) ? title.value : fresh.getElementById("heading")?.textContent;
  if (heading) document.getElementById("heading").textContent = heading;
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
  const awaited = "[data-status=waiting], [data-status=reading], [data-standing=awaited]";
  if (isBehind || document.querySelector(awaited)) await update();
  setTimeout(watch, WATCH_EVERY);
}
