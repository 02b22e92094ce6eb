// Forms of staff: leaving with work that is not saved asks first, and a link to a field, like the message about what
// was done, leads to its place.
"use strict";

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

addEventListener("DOMContentLoaded", () => {
  // A link to a field leads into it, not only to its place.
  const field = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (field && field.matches("input, select, textarea")) field.focus();

  // What was just done is said where the page opens, for its head is out of sight there.
  const messages = document.querySelectorAll("main > .notice:is([role=status], :has(> [role=status]))");
  messages.forEach((message) => {
    message.dataset.said = "";
  });
  if (field && messages.length && field.matches("[data-attachment]")) field.lastElementChild.prepend(...messages);
  else if (field && messages.length && field.matches("h2")) field.after(...messages);
});
