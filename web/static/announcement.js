// The page on which an announcement is edited: its parts, and the start of what is done with them by uploads.js,
// presence.js, refresh.js and order.js, which come before this script.
"use strict";

// The parts of the page. They are others once a new announcement has become a draft.
let form, papers, rows;
function findParts() {
  form = document.getElementById("main");
  papers = form?.querySelector("[data-papers]");
  rows = papers?.querySelector("[data-rows]");
}

// Who was signed out meanwhile is led to the sign-in page: nothing has arrived.
const isSignIn = (address) => address && new URL(address).pathname === papers.dataset.signIn;

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button small";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
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
