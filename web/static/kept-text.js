// Keeps the text of a staff form in this tab from the moment it is sent until the archive answers that it is saved.
// Whoever was signed out meanwhile finds the text again after signing in; nobody else does. A form is sent only once
// the archive answers, so that without network the page stays with what was typed, and is sent once there is one.
"use strict";

const LOOK_FOR_NETWORK_EVERY = 2 * 1000; // milliseconds
const STILL_TYPING = 2 * 1000; // milliseconds after a key within which the page must not change by itself
const ANSWER_WITHIN = 15 * 1000; // milliseconds for which an answer of the archive is waited for
const UNSENT_OF_NEW = "unsent of new"; // names of files that did not arrive for a new announcement that was sent
const OWN_PAGE = new RegExp("^.*/announcements/(new|[0-9]+)"); // of a new announcement, or of a draft
const OPENED_ON = "[name=last_change], [name=fingerprint]"; // tells on what a form was opened
const KEPT_FIELDS = "textarea, select, input:not([type=hidden], [type=file], [type=radio])";
const KEPT = "kept text"; // { person, path, values, openedOn, isRefused }
const signedIn = document.querySelector("[data-person]");

function readKept() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) || "null");
  if (!kept) return null;
  const isBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward"; // no answer came
  const form = document.querySelector("form[data-unsaved]");
  if (!signedIn || isBack) kept.isRefused = true; // the sign-in page or an error page
  const isAnother = signedIn && signedIn.dataset.person !== kept.person;
  if (isAnother || !kept.isRefused || form?.dataset.unsaved === "typed") {
    sessionStorage.removeItem(KEPT);
    return null;
  }
  sessionStorage.setItem(KEPT, JSON.stringify(kept));
  return signedIn && form && kept.path === location.pathname ? { ...kept, form } : null;
}

// Fields of a form whose values are kept, without those that share their name. A hidden field beside a checkbox, which
// says that it is not ticked, does not count.
function keptFields(form) {
  const chosen = [...form.elements].filter((field) => field.name && field.matches(KEPT_FIELDS));
  const isAlone = ({ name }) => chosen.filter((other) => other.name === name).length === 1;
  return chosen.filter(isAlone);
}

function putBack({ form, values, openedOn }) {
  for (const field of keptFields(form)) {
    if (!(field.name in values)) continue;
    if (field.type === "checkbox") field.checked = values[field.name];
    else field.value = values[field.name];
  }
  const field = form.querySelector(OPENED_ON);
  if (openedOn && field) field.value = openedOn;
  form.dataset.unsaved = "typed";
  const said = document.createElement("p");
  said.className = "notice warn";
  said.setAttribute("role", "status");
  said.textContent = signedIn.dataset.kept;
  form.before(said);
  sessionStorage.removeItem(KEPT);
}

const kept = readKept();
if (kept) putBack(kept);

// The files that did not arrive are missing from the draft that the new announcement has become.
function handOverUnsent() {
  const names = sessionStorage.getItem(UNSENT_OF_NEW);
  if (!names || !signedIn) return;
  sessionStorage.removeItem(UNSENT_OF_NEW);
  const page = location.pathname.match(OWN_PAGE);
  if (page) sessionStorage.setItem(`unsent ${page[0]}`, names);
}
handOverUnsent();

// Gives a form the token of the present session, which is another once its person has signed in again in another tab.
// Returns false where the archive does not answer.
async function renewToken(form) {
  const signal = AbortSignal.timeout(ANSWER_WITHIN);
  const answer = await fetch(signedIn.dataset.alive, { signal }).catch(() => null);
  const token = answer?.ok && !answer.redirected && (await answer.text().catch(() => ""));
  if (token) form.elements.csrf_token.value = token;
  return answer !== null;
}

let reachable = null; // the form that may be sent now, for the archive has answered
let isAsking = false;
let pressed = null; // { form, submitter } of the press that was not sent, or is about to be

async function sendOnceReachable(pressedForm, button) {
  if (isAsking) return;
  isAsking = true;
  pressed = { form: pressedForm, submitter: button };
  const isReachable = navigator.onLine && (await renewToken(pressed.form));
  isAsking = false;
  const { form, submitter } = pressed; // of the draft, once the new announcement has become one
  form.querySelector("[data-not-saved]")?.remove();
  if (!isReachable) return sayNotSaved(form, submitter);
  reachable = form;
  return form.requestSubmit(submitter?.form === form ? submitter : null);
}

function sayNotSaved(form, submitter) {
  const said = document.createElement("p");
  const again = document.createElement("button");
  said.className = "notice bad";
  said.dataset.notSaved = "";
  said.setAttribute("role", "alert");
  again.type = "button";
  again.className = "button small";
  again.textContent = signedIn.dataset.retry;
  again.addEventListener("click", () => sendOnceReachable(form, submitter));
  said.append(`${signedIn.dataset.offline} `, again);
  (form.querySelector(".saving") ?? submitter?.closest(".buttons") ?? form).prepend(said);
  said.scrollIntoView({ block: "nearest" });
  waitForNetwork();
}

let typedAt = -Infinity; // milliseconds: when a key was last pressed in a field
addEventListener(
  "input",
  () => {
    typedAt = performance.now();
  },
  true,
);

// Sends what was pressed once the archive answers, unless somebody is typing or a file is on its way.
let waiting;
function waitForNetwork() {
  clearTimeout(waiting);
  waiting = setTimeout(async () => {
    const isNotSaved = () => pressed.form.querySelector("[data-not-saved]");
    const isFree = () =>
      performance.now() - typedAt > STILL_TYPING && !document.querySelector("[data-uploads] progress");
    const isReachable = navigator.onLine && isFree() && (await renewToken(pressed.form));
    if (!isNotSaved()) return;
    if (isReachable && isFree()) sendOnceReachable(pressed.form, pressed.submitter);
    else waitForNetwork();
  }, LOOK_FOR_NETWORK_EVERY);
}

// The form of a draft is now in the place of that of a new announcement: what was pressed there stays to be sent.
function movePress(before, after) {
  if (pressed?.form !== before) return;
  const { name } = pressed.submitter ?? {};
  pressed = { form: after, submitter: name ? after.elements[name] : null };
  if (before.querySelector("[data-not-saved]")) sayNotSaved(after, pressed.submitter);
}

// The first to hear of a form that is sent; all others hear of it once the archive has answered.
addEventListener(
  "submit",
  (event) => {
    const sent = event.target;
    if (!("unsaved" in sent.dataset) || !signedIn) return;
    if (reachable === sent) {
      reachable = null;
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    sendOnceReachable(sent, event.submitter);
  },
  true,
);

// The last to hear of a form that is sent: others may hold it, or write into its fields first.
addEventListener("submit", (event) => {
  const sent = event.target;
  if ("forget" in sent.dataset) sessionStorage.removeItem(KEPT);
  if (event.defaultPrevented || !("unsaved" in sent.dataset) || !signedIn) return;
  const values = {};
  for (const field of keptFields(sent)) values[field.name] = field.type === "checkbox" ? field.checked : field.value;
  const unsent =
    location.pathname.match(OWN_PAGE)?.[1] === "new" && sessionStorage.getItem(`unsent ${location.pathname}`);
  if (unsent) sessionStorage.setItem(UNSENT_OF_NEW, unsent);
  const openedOn = sent.querySelector(OPENED_ON)?.value;
  const { person } = signedIn.dataset;
  sessionStorage.setItem(KEPT, JSON.stringify({ person, path: location.pathname, values, openedOn }));
});
