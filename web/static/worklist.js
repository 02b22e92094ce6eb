// The worklist: one tick for the whole page, ticks for a range with Shift, and how many are ticked.
"use strict";

const LOOK_EVERY = 3000; // milliseconds
const LOOKS = 40; // two minutes: ten scans take one

const list = document.querySelector("[data-worklist]");

if (list) {
  const ticks = [...list.querySelectorAll("[name=id]")];
  const everything = list.querySelector("[data-everything]");
  const all = everything.querySelector("input");
  const beyond = list.querySelector("[name=everything]"); // the records of all pages; none where there is one page
  const ticked = list.querySelector("[data-ticked]");
  const nothing = ticked.textContent;
  let last = null; // the tick that was pressed last

  const show = () => {
    const here = ticks.filter((tick) => tick.checked).length;
    if (beyond && here < ticks.length) beyond.checked = false;
    const count = beyond?.checked ? Number(ticked.dataset.total) : here;
    ticked.textContent = count ? ticked.dataset.ticked.replace("#", count.toLocaleString("en")) : nothing;
    all.checked = here === ticks.length;
    all.indeterminate = here > 0 && !all.checked;
  };

  everything.hidden = false;
  all.addEventListener("change", () => {
    ticks.forEach((tick) => {
      tick.checked = all.checked;
    });
    show();
  });
  beyond?.addEventListener("change", () => {
    ticks.forEach((tick) => {
      tick.checked = beyond.checked;
    });
    show();
  });
  ticks.forEach((tick) =>
    tick.addEventListener("click", (event) => {
      if (event.shiftKey && last) {
        const [from, to] = [ticks.indexOf(last), ticks.indexOf(tick)].sort((a, b) => a - b);
        ticks.slice(from, to + 1).forEach((each) => {
          each.checked = tick.checked;
        });
      }
      last = tick;
      show();
    }),
  );
  // Enter in a field beside a button presses that button, not the first one of the form.
  list.addEventListener("keydown", (event) => {
    const line =
      event.key === "Enter" && event.target.matches("input:not([type=checkbox])") && event.target.closest(".one-line");
    if (!line) return;
    event.preventDefault();
    line.querySelector("button").click();
  });
  list.addEventListener("keydown", (event) => {
    const question = event.key === "Escape" && event.target.closest("details[open]");
    if (!question) return;
    question.open = false;
    question.querySelector("summary").focus();
  });
  // One question at a time.
  list.querySelectorAll("details").forEach((each) =>
    each.addEventListener("toggle", () => {
      if (!each.open) return;
      list.querySelectorAll("details[open]").forEach((other) => {
        if (other !== each) other.open = false;
      });
      each.querySelector("input, select").focus();
    }),
  );
  addEventListener("pageshow", show);
  renew(LOOKS);
}

// The checklist for many: one tick for all that can be published, once a person has looked at them.
const tickAll = document.querySelector("[data-tick-all]");

if (tickAll) {
  const all = tickAll.querySelector("input");
  tickAll.hidden = false;
  all.addEventListener("change", () => {
    const ready = document.querySelectorAll("[data-candidates] > :not([data-effect=blocking])");
    for (const row of ready) {
      const tick = row.querySelector("[name=id]:enabled");
      const isDateOpen = row.querySelector("[name^=published_on-]")?.value === ""; // looked at one by one
      if (tick && !(all.checked && isDateOpen)) tick.checked = all.checked;
    }
  });
}

// What was mended in another tab is shown once a person comes back; what is typed and ticked here stays. Only rows that
// that person alone changed are renewed. What others changed stays as it was shown, so the server refuses it.
const candidates = document.querySelector("[data-candidates]");

async function showMended() {
  const answer = document.hidden ? null : await fetch(location.href).catch(() => null);
  const fresh = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!fresh || !fresh.querySelector("[data-candidates]")) return;
  if (fresh.querySelector("[name=when]") && !document.querySelector("[name=when]")) return location.reload();
  const shownOn = (row) => row.querySelector("[name^=last_change-]").value;
  for (const row of [...candidates.children]) {
    const renewed = fresh.getElementById(row.id);
    if (!renewed || shownOn(renewed) === shownOn(row)) continue;
    if (Number(renewed.dataset.lastChangeOfOthers) > Number(shownOn(row))) continue;
    const [before, after] = [row, renewed].map((each) => each.querySelector("[name=id]"));
    if (!before.disabled) after.checked = before.checked;
    const focused = row.contains(document.activeElement) && document.activeElement.name;
    for (const typed of row.querySelectorAll("[name^=published_on-], [name^=title-]")) {
      const field = renewed.querySelector(`[name="${typed.name}"]`);
      if (field && typed.value !== typed.dataset.proposed) field.value = typed.value;
    }
    row.replaceWith(renewed);
    if (focused) (renewed.querySelector(`[name="${focused}"]`) ?? after).focus();
  }
  const isAsCounted = (row) => fresh.getElementById(row.id)?.dataset.effect === row.dataset.effect;
  if (![...candidates.children].every(isAsCounted)) return;
  document.querySelector("[data-counts]").replaceWith(fresh.querySelector("[data-counts]"));
}

if (candidates) {
  for (const back of ["visibilitychange", "focus"]) addEventListener(back, showMended);
}

// What was to be done before stays in its place, and what is new follows: no link moves under the pointer.
function keepPlaces(now, before) {
  const shown = [...before.querySelectorAll("a")].map((link) => link.getAttribute("href"));
  const place = (line) => shown.indexOf(line.firstElementChild.getAttribute("href")) + 1 || Infinity;
  const lines = [...now.querySelectorAll("li")].sort(
    (one, other) => (place(one) > place(other)) - (place(one) < place(other)),
  );
  now.querySelector("ul")?.append(...lines);
}

// Rows without a title are brought up to date for a while: their files may be read by now.
async function renew(looks) {
  if (!looks || !list.querySelector("[data-untitled]")) return;
  await new Promise((over) => setTimeout(over, LOOK_EVERY));
  const answer = document.hidden ? null : await fetch(location.href).catch(() => null);
  const fresh = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
  const [today, now] = [document, fresh].map((page) => page && page.querySelector(".today"));
  if (now && !today.matches(":hover, :focus-within")) {
    keepPlaces(now, today);
    today.replaceWith(now);
  }
  for (const row of fresh ? list.querySelectorAll("[data-untitled]") : []) {
    const renewed = fresh.querySelector(`[data-record="${row.dataset.record}"]`);
    if (!renewed || row.querySelector(".subject").contains(document.activeElement)) continue;
    for (const part of [".tick label", ".subject"]) row.querySelector(part).replaceWith(renewed.querySelector(part));
  }
  renew(looks - 1);
}
