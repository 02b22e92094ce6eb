// Boxes on the pages of a document: drawn with the mouse, or with a finger once that is asked for, shown as they are
// ticked in the list, clicked away.
"use strict";

const UNITS = 10000; // positions are in 1/10,000 of the page
const LEAST = 40; // smallest side of a drawn box, in the same unit: less is a click
const SVG = "http://www.w3.org/2000/svg";

const form = document.getElementById("redaction");

if (form) {
  const list = form.querySelector("[data-boxes]");
  const ticks = () => [...list.querySelectorAll("input[name=box]")];
  let changed = form.dataset.unsaved === "typed";
  let leaving = false;

  const rectangle = (kind) => {
    const made = document.createElementNS(SVG, "rect");
    made.setAttribute("class", kind);
    return made;
  };
  const place = (rect, [left, top, right, bottom]) => {
    for (const [name, value] of Object.entries({ x: left, y: top, width: right - left, height: bottom - top })) rect.setAttribute(name, value);
  };

  // Draws each box of the list on its page: filled when it is ticked, dashed when it is not.
  function draw() {
    form.querySelectorAll(".paper svg").forEach((svg) => svg.replaceChildren());
    for (const tick of ticks()) {
      const [page, ...area] = tick.value.split(",");
      const rect = rectangle(tick.checked ? "cover" : "cover off");
      place(rect, area.slice(0, 4).map(Number));
      rect.addEventListener("click", () => { tick.checked = !tick.checked; changed = true; draw(); });
      const line = tick.closest("li");
      line.onmouseenter = () => rect.classList.add("pointed");
      line.onmouseleave = () => rect.classList.remove("pointed");
      form.querySelector(`[data-page="${page}"] svg`)?.append(rect);
    }
  }

  function add(page, area) {
    const line = document.createElement("li");
    const label = document.createElement("label");
    const tick = document.createElement("input");
    const name = document.createElement("span");
    Object.assign(tick, { type: "checkbox", name: "box", value: [page, ...area, "drawn"].join(","), checked: true });
    label.className = "choice";
    name.textContent = `${list.dataset.ofPage} ${page} · ${list.dataset.drawn}`;
    label.append(tick, name);
    line.append(label);
    list.append(line);
    form.querySelector("[data-none]")?.remove();
    changed = true;
    draw();
    list.scrollTop = list.scrollHeight; // the picture stays where it is
  }

  const finger = form.querySelector("[data-finger]");
  const drawsWithFinger = () => finger.getAttribute("aria-pressed") === "true";
  finger.hidden = !navigator.maxTouchPoints;
  finger.addEventListener("click", () => {
    finger.setAttribute("aria-pressed", !drawsWithFinger());
    form.classList.toggle("finger-draws", drawsWithFinger());
  });

  for (const paper of form.querySelectorAll(".paper")) {
    paper.classList.add("drawable");
    let start = null;
    let sketch = null;
    const at = (event) => {
      const box = paper.getBoundingClientRect();
      const share = (value) => Math.round(Math.min(1, Math.max(0, value)) * UNITS);
      return [share((event.clientX - box.left) / box.width), share((event.clientY - box.top) / box.height)];
    };
    const area = (event) => {
      const [x, y] = at(event);
      return [Math.min(x, start[0]), Math.min(y, start[1]), Math.max(x, start[0]), Math.max(y, start[1])];
    };
    paper.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || (event.pointerType === "touch" && !drawsWithFinger())) return; // a finger scrolls
      start = at(event);
    });
    paper.addEventListener("pointermove", (event) => {
      if (!start) return;
      if (!sketch) {
        sketch = rectangle("sketch");
        paper.querySelector("svg").append(sketch);
        paper.setPointerCapture(event.pointerId);
      }
      place(sketch, area(event));
    });
    const end = (event) => {
      if (!start) return;
      const drawn = area(event);
      sketch?.remove();
      const isBox = sketch && drawn[2] - drawn[0] >= LEAST && drawn[3] - drawn[1] >= LEAST;
      start = sketch = null;
      if (isBox && event.type === "pointerup") add(paper.dataset.page, drawn);
    };
    paper.addEventListener("pointerup", end);
    paper.addEventListener("pointercancel", end);
  }

  list.addEventListener("change", () => { changed = true; draw(); });
  form.querySelector("[data-drawing]").hidden = false;
  form.addEventListener("submit", (event) => {
    leaving = true;
    const making = event.submitter?.dataset.making;
    if (making) setTimeout(() => { event.submitter.textContent = making; event.submitter.disabled = true; });
  });
  addEventListener("pageshow", () => { leaving = false; });
  addEventListener("beforeunload", (event) => {
    if (leaving || !changed) return;
    event.preventDefault();
    event.returnValue = ""; // what older browsers ask for
  });
  draw();
}
