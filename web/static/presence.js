// Who else has the announcement open is told, and that the person here is at work. Started by announcement.js.
"use strict";

const LOOK_EVERY = 20 * 1000; // milliseconds between looks at who else has the announcement open, or saved it
const LOOK_AT_MOST = 10 * 60 * 1000; // milliseconds after the last work in the form: an idle session must end
const AWAKE_EVERY = 30 * 1000; // milliseconds of work in the form after which the service hears of it

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
