// The order of an announcement's papers. Started by announcement.js.
"use strict";

const SCROLL_EDGE = 70; // CSS pixels from the window's edge within which a dragged paper scrolls the page
const SCROLL_STEP = 10; // CSS pixels a frame
const FRAME = 16; // milliseconds

const THAI_DIGITS = "๐๑๒๓๔๕๖๗๘๙";
const arabicDigits = (text) =>
  [...text].map((sign) => (THAI_DIGITS.includes(sign) ? THAI_DIGITS.indexOf(sign) : sign)).join("");

// Papers are put in order by dragging their handle, with the mouse or a finger, by the arrows, or by typing a number
// and Enter. The order alone is stored; what is typed in the form stays there.
function acceptOrder() {
  rows.addEventListener("pointerdown", (event) => {
    const row = event.button === 0 && event.target.closest("[data-handle]")?.closest("[data-attachment]");
    if (!row) return;
    event.preventDefault();
    drag(row, event);
  });
  rows.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.name?.startsWith("position-")) return;
    event.preventDefault();
    event.target.closest(".place").querySelector("button").click();
  });
  rows.addEventListener("click", (event) => {
    const pressed = event.target.closest("button[name=to]");
    if (!pressed) return;
    const row = pressed.closest("[data-attachment]");
    const others = [...rows.children].filter((each) => each !== row);
    const number = arabicDigits(row.querySelector("[name^=position-]").value.trim());
    if (pressed.value === "number" && !/^[0-9]+$/.test(number)) return; // the service says what is wrong
    event.preventDefault();
    const at = {
      up: others.indexOf(row.previousElementSibling),
      down: others.indexOf(row.nextElementSibling) + 1,
      number: number - 1,
    };
    rows.insertBefore(row, others[Math.max(at[pressed.value], 0)] ?? null);
    place(row);
    arrows();
    row.scrollIntoView({ block: "nearest" });
    const still = pressed.disabled ? row.querySelector("button[name=to]:not(:disabled):not([value=number])") : pressed;
    still?.focus({ preventScroll: true });
  });
}

// Moves the row with the pointer until it is let go; near the window's edge the page scrolls.
function drag(row, { pointerId, clientX, clientY }) {
  const before = [...rows.children];
  let y = clientY;
  const put = () => {
    const over = document.elementFromPoint(clientX, y)?.closest("[data-attachment]");
    if (!over || over === row) return;
    const box = over.getBoundingClientRect();
    over[y < box.top + box.height / 2 ? "before" : "after"](row);
  };
  const scrolling = setInterval(() => {
    const step = y < SCROLL_EDGE ? -SCROLL_STEP : y > innerHeight - SCROLL_EDGE ? SCROLL_STEP : 0;
    if (step) {
      scrollBy(0, step);
      put();
    }
  }, FRAME);
  const ended = new AbortController();
  const end = (event) => {
    clearInterval(scrolling);
    ended.abort();
    row.classList.remove("dragged");
    if (event.type === "pointercancel") rows.append(...before);
    else if (before.some((each, at) => rows.children[at] !== each)) place(row);
  };
  rows.setPointerCapture(pointerId); // of the list, for the row itself is moved
  row.classList.add("dragged");
  rows.addEventListener(
    "pointermove",
    (event) => {
      y = event.clientY;
      put();
    },
    { signal: ended.signal },
  );
  for (const type of ["pointerup", "pointercancel"]) rows.addEventListener(type, end, { signal: ended.signal });
}

let orderStored = Promise.resolve(); // moves are sent one after the other

function place(row) {
  const shown = row.querySelector("[name^=position-]");
  const position = [...rows.children].indexOf(row) + 1;
  const was = form.elements[`was-${row.dataset.attachment}`];
  const stored = was.value; // until the move is stored: saving the form stores it too
  shown.value = shown.defaultValue = position;
  number();
  was.value = stored;
  orderStored = orderStored.then(() => storePlace(row, position));
}

async function storePlace(row, position) {
  const { attachment, move } = row.dataset;
  const body = new FormData();
  body.append("csrf_token", form.elements.csrf_token.value);
  body.append("to", "number");
  body.append(`position-${attachment}`, position);
  body.append("no_page", "1"); // of fifty papers it is 290 KB, and nobody looks at it
  const answer = await fetch(move, { method: "POST", body }).catch(() => null);
  if (answer?.status === 204) return number();
  const line = document.createElement("li");
  line.className = "failed";
  line.append(
    papers.dataset.refused,
    button(papers.dataset.retry, () => {
      line.remove();
      place(row);
    }),
  );
  papers.querySelector("[data-uploads]").append(line);
}

// The numbers beside the rows, as they stand now. One that is typed and not yet carried out stays typed.
function number() {
  [...rows.children].forEach((row, at) => {
    const shown = form.elements[`position-${row.dataset.attachment}`];
    if (!typed(shown)) shown.value = at + 1;
    shown.defaultValue = at + 1;
    form.elements[`was-${row.dataset.attachment}`].value = at + 1;
  });
  arrows();
}

function arrows() {
  [...rows.children].forEach((row, at) => {
    row.querySelector("[value=up]").disabled = at === 0;
    row.querySelector("[value=down]").disabled = at === rows.children.length - 1;
  });
}

const showHandles = () =>
  rows.querySelectorAll("[data-handle]").forEach((handle) => {
    handle.hidden = false;
  });
