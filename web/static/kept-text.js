// Keeps the text of a staff form in this tab from the moment it is sent until the archive answers that it is saved.
// Whoever was signed out meanwhile finds the text again after signing in; nobody else does.
"use strict";

const KEPT = "kept text"; // { person, path, values, lastChange, isRefused }
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

function putBack({ form, values, lastChange }) {
  for (const [name, value] of Object.entries(values)) {
    const field = form.elements[name];
    if (field?.type === "checkbox") field.checked = value;
    else if (field?.tagName) field.value = value;
  }
  if (lastChange && form.elements.last_change) form.elements.last_change.value = lastChange;
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

// The last to hear of a form that is sent: others may hold it, or write into its fields first.
addEventListener("submit", (event) => {
  const sent = event.target;
  if ("forget" in sent.dataset) sessionStorage.removeItem(KEPT);
  if (event.defaultPrevented || !("unsaved" in sent.dataset) || !signedIn) return;
  const values = {};
  for (const field of sent.elements) {
    const isKept = field.name && field.matches("textarea, select, input:not([type=hidden], [type=file], [type=radio])");
    if (isKept && sent.elements[field.name] === field) values[field.name] = field.type === "checkbox" ? field.checked : field.value;
  }
  const lastChange = sent.elements.last_change?.value;
  const { person } = signedIn.dataset;
  sessionStorage.setItem(KEPT, JSON.stringify({ person, path: location.pathname, values, lastChange }));
});
