// Fields of forms: a fault goes once its field is changed, for saving checks it again; a password can be shown;
// Enter saves; a ground that does not explain itself needs words.
"use strict";

document.addEventListener("input", ({ target }) => {
  const fault = document.getElementById(target.getAttribute("aria-errormessage"));
  if (!fault) return;
  const said = fault.textContent.trim();
  target.removeAttribute("aria-invalid");
  target.removeAttribute("aria-errormessage");
  fault.remove();
  document.querySelectorAll("main > .notice.bad").forEach((notice) => {
    if (notice.textContent.trim() === said) notice.remove();
  });
});

document.querySelectorAll("[data-shows]").forEach((button) => {
  const field = document.getElementById(button.dataset.shows);
  const show = (isShown) => {
    field.type = isShown ? "text" : "password";
    button.setAttribute("aria-pressed", String(isShown));
  };
  button.hidden = false;
  button.addEventListener("click", () => show(field.type === "password"));
  field.form.addEventListener("submit", () => show(false)); // so that browsers know it for a password and keep it
});

// A line that may wrap is one line still: Enter saves the form, as in every other field, and breaks no line.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || !event.target.matches("textarea.line")) return;
  event.preventDefault();
  event.target.form.querySelector("button:not([type=button])").click();
});

document.querySelectorAll("[data-explanation]").forEach((explanation) => {
  const grounds = [...explanation.form.querySelectorAll("[name=ground]")];
  const demand = () => {
    explanation.required = grounds.some((ground) => ground.checked && !("explainsItself" in ground.dataset));
  };
  grounds.forEach((ground) => ground.addEventListener("change", demand));
  demand();
});
