// Boxes on the pages of a document: found, drawn with the mouse, with a finger once that is asked for, or put there
// with a button; all are moved and resized with the mouse, a finger or the keyboard. Those that were found are clicked
// away, the others deleted.
"use strict";

const UNITS = 10000; // positions are in 1/10,000 of the page
const LEAST = 40; // smallest side of a box, in the same unit: less is a click
const CLICK = 15; // movement of the pointer, in the same unit, up to which a press is a click
const STEP = 50; // of an arrow key; with Ctrl a fifth of it
const NEW_BOX = [3000, 300]; // width and height of a box that the button puts on the page
const TRIES = 20; // of a request that the network or a busy machine did not answer
const RETRY_AFTER = 3000; // milliseconds
const BUSY = [429, 502, 503, 504]; // answers of a service, or of the server before it, that has too much to do
const MOST_UNFINISHED = 10; // pages with something left on them, after which a person is told before all are read
const SVG = "http://www.w3.org/2000/svg";
const EDGES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];

const form = document.getElementById("redaction");

if (form) {
  const list = form.querySelector("[data-boxes]");
  const papers = [...form.querySelectorAll(".paper")];
  const paperOf = (page) => papers.find((paper) => paper.dataset.page === page);
  const undone = []; // functions that take the changes of drawn boxes back, the last change at the end
  let changed = form.dataset.unsaved === "typed";
  let leaving = false;

  const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

  function rectangle(kind) {
    const made = document.createElementNS(SVG, "rect");
    made.setAttribute("class", kind);
    return made;
  }

  function place(rect, [left, top, right, bottom]) {
    for (const [name, value] of Object.entries({ x: left, y: top, width: right - left, height: bottom - top }))
      rect.setAttribute(name, value);
  }

  // The point of the paper under the pointer.
  function at(paper, event) {
    const box = paper.getBoundingClientRect();
    const share = (value) => Math.round(clamp(value, 0, 1) * UNITS);
    return [share((event.clientX - box.left) / box.width), share((event.clientY - box.top) / box.height)];
  }

  // Shows the box of a line of the list on its page: filled when it is ticked, dashed when it is not.
  function show(line) {
    const tick = line.querySelector("input[name=box]");
    const [page, ...values] = tick.value.split(",");
    const paper = paperOf(page);
    if (!paper) return;
    const rect = rectangle("cover");
    const box = { line, tick, page, paper, rect, area: values.slice(0, 4).map(Number), origin: values[4] };
    box.isDrawn = box.origin === "drawn";
    makeEditable(box);
    if (!box.isDrawn) makeTickable(box);
    line.onmouseenter = () => rect.classList.add("pointed");
    line.onmouseleave = () => rect.classList.remove("pointed");
    tick.addEventListener("change", () => {
      changed = true;
      paint(box);
    });
    paper.querySelector("svg").append(rect);
    paint(box);
    return box;
  }

  function paint({ tick, rect, area, frame }) {
    const [left, top, right, bottom] = area;
    rect.classList.toggle("off", !tick.checked);
    place(rect, area);
    frame.classList.toggle("low", bottom > UNITS * 0.9); // its delete button stands above it
    const sides = { left, top, width: right - left, height: bottom - top };
    for (const [name, value] of Object.entries(sides)) frame.style[name] = `${(value * 100) / UNITS}%`;
  }

  // A box has a frame over it, which is dragged, has handles at its edges, and takes keys.
  function makeEditable(box) {
    const frame = document.createElement("div");
    const name = box.isDrawn ? list.dataset.drawn : box.line.querySelector("label").textContent;
    frame.className = "drawn-box";
    frame.tabIndex = box.isDrawn ? 0 : -1; // found ones may be many: Enter in the list leads to them
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", `${name.trim()} ${list.dataset.ofPage} ${box.page}`);
    frame.setAttribute("aria-describedby", "box-keys");
    frame.append(...EDGES.map((edge) => Object.assign(document.createElement("i"), { className: edge })));
    frame.addEventListener("focusin", () => choose(frame));
    frame.addEventListener("pointerdown", (event) => drag(box, event));
    frame.addEventListener("keydown", (event) => press(box, event));
    box.frame = frame;
    box.paper.append(frame);
    box.tick.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      frame.focus();
    });
    if (!box.isDrawn) return;
    frame.append(deleteButton(box, "×"));
    box.line.append(deleteButton(box, list.dataset.remove));
  }

  // A found box is ticked and unticked by a click, which is no drag.
  function makeTickable(box) {
    let before = box.area;
    box.frame.addEventListener("pointerdown", () => {
      before = box.area;
    });
    box.frame.addEventListener("click", () => {
      if (box.area === before) box.tick.click();
    });
  }

  // Shows the handles of one box, also while a button is pressed that makes the picture larger.
  function choose(frame) {
    form.querySelector(".drawn-box.chosen")?.classList.remove("chosen");
    frame?.classList.add("chosen");
  }

  function deleteButton(box, text) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = text === "×" ? "delete" : "link";
    made.textContent = text;
    made.setAttribute("aria-label", `${list.dataset.remove} ${list.dataset.drawn} ${list.dataset.ofPage} ${box.page}`);
    made.addEventListener("pointerdown", (event) => event.stopPropagation());
    made.addEventListener("click", () => remove(box));
    if (text === "×") made.tabIndex = -1; // the Delete key does the same
    return made;
  }

  // What a person moved counts as drawn: it covers what stands under it, and no more.
  function change(box, area, origin = "drawn") {
    box.area = area;
    box.origin = origin;
    const value = [box.page, ...area, origin].join(",");
    box.tick.value = value;
    const known = box.line.querySelector("input[name=known]");
    if (known) known.value = value;
    changed = true;
    paint(box);
  }

  function remove(box) {
    const [lines, next, shown] = [box.line.parentNode, box.line.nextSibling, [box.rect, box.frame]];
    const parts = shown.map((part) => [part, part.parentNode]);
    [box.line, ...shown].forEach((part) => part.remove());
    count(lines.parentNode);
    undone.push(() => {
      lines.insertBefore(box.line, next?.isConnected ? next : null);
      count(lines.parentNode);
      parts.forEach(([part, parent]) => parent.append(part));
      box.frame.focus();
    });
    changed = true;
    form.querySelector("[data-add]").focus({ preventScroll: true });
  }

  // The box after its edges moved: all of them, or those that are named. It stays on the page.
  function moved([left, top, right, bottom], edges, x, y) {
    if (!edges) {
      const [across, down] = [clamp(x, -left, UNITS - right), clamp(y, -top, UNITS - bottom)];
      return [left + across, top + down, right + across, bottom + down];
    }
    return [
      edges.includes("w") ? clamp(left + x, 0, right - LEAST) : left,
      edges.includes("n") ? clamp(top + y, 0, bottom - LEAST) : top,
      edges.includes("e") ? clamp(right + x, left + LEAST, UNITS) : right,
      edges.includes("s") ? clamp(bottom + y, top + LEAST, UNITS) : bottom,
    ];
  }

  // Takes back that the box was moved from where it was, and that it was ticked by that.
  function noteMove(box, { area, origin, isTicked }) {
    if (!isTicked) box.tick.click();
    undone.push(() => {
      change(box, area, origin);
      if (box.tick.checked !== isTicked) box.tick.click();
    });
  }

  function drag(box, event) {
    const { frame, paper, area: before, origin } = box;
    // the first touch chooses, or scrolls
    const isTap = event.pointerType === "touch" && !frame.classList.contains("chosen");
    event.stopPropagation(); // no box is drawn
    if (event.button !== 0 || isTap) return;
    const edges = event.target === frame ? "" : event.target.className;
    const [startX, startY] = at(paper, event);
    const ended = new AbortController();
    const { signal } = ended;
    frame.setPointerCapture(event.pointerId);
    frame.addEventListener(
      "pointermove",
      (now) => {
        const [x, y] = at(paper, now);
        if (box.area === before && Math.abs(x - startX) < CLICK && Math.abs(y - startY) < CLICK) return;
        change(box, moved(before, edges, x - startX, y - startY));
      },
      { signal },
    );
    frame.addEventListener(
      "pointerup",
      () => {
        ended.abort();
        if (box.area !== before) noteMove(box, { area: before, origin, isTicked: box.tick.checked });
      },
      { signal },
    );
    frame.addEventListener(
      "pointercancel",
      () => {
        ended.abort();
        change(box, before, origin);
      },
      { signal },
    );
  }

  function press(box, event) {
    const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === "Escape") box.tick.focus();
    else if (!box.isDrawn && ["Delete", "Backspace", " "].includes(event.key)) box.tick.click();
    else if (event.key === "Delete" || event.key === "Backspace") remove(box);
    else if (arrow) {
      const before = { area: box.area, origin: box.origin, isTicked: box.tick.checked };
      const [x, y] = arrow.map((way) => way * (event.ctrlKey ? STEP / 5 : STEP));
      change(box, moved(box.area, event.shiftKey ? "se" : "", x, y));
      noteMove(box, before);
      box.frame.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else return;
    event.preventDefault();
  }

  // Says above the boxes of a page how many there are, and if all of them are ticked.
  function count(group) {
    const ticks = [...group.querySelectorAll("input[name=box]")];
    group.querySelector("[data-count]").textContent = list.dataset.places.replace("#", ticks.length);
    group.querySelector("[data-whole-page]").checked = ticks.every((tick) => tick.checked);
  }

  function add(page, area) {
    const group = list.querySelector(`[data-page-boxes="${page}"]`);
    const line = document.createElement("li");
    const label = document.createElement("label");
    const tick = document.createElement("input");
    const name = document.createElement("span");
    Object.assign(tick, { type: "checkbox", name: "box", value: [page, ...area, "drawn"].join(","), checked: true });
    label.className = "choice";
    name.textContent = list.dataset.drawn;
    label.append(tick, name);
    line.append(label);
    group.open = true;
    group.querySelector("ul").append(line);
    count(group);
    form.querySelector("[data-none]")?.remove();
    changed = true;
    const box = show(line);
    undone.push(() => {
      remove(box);
      undone.pop();
    });
    const beside = list.closest(".beside"); // scrolls by itself beside the picture, which stays where it is
    beside.scrollTop += Math.max(0, line.getBoundingClientRect().bottom - beside.getBoundingClientRect().bottom);
    return box;
  }

  // Puts a box in the middle of what is in sight.
  form.querySelector("[data-add]").addEventListener("click", () => {
    const seen = (paper) => {
      const box = paper.getBoundingClientRect();
      return Math.min(box.bottom, innerHeight) - Math.max(box.top, 0);
    };
    const paper = papers.reduce((best, each) => (seen(each) > seen(best) ? each : best));
    const frame = paper.parentElement.getBoundingClientRect();
    const box = paper.getBoundingClientRect();
    const [x, y] = at(paper, {
      clientX: (frame.left + frame.right) / 2,
      clientY: (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2,
    });
    const [width, height] = NEW_BOX;
    const [left, top] = [clamp(x - width / 2, 0, UNITS - width), clamp(y - height / 2, 0, UNITS - height)];
    add(paper.dataset.page, [left, top, left + width, top + height]).frame.focus({ preventScroll: true });
  });

  const finger = form.querySelector("[data-finger]");
  const drawsWithFinger = () => finger.getAttribute("aria-pressed") === "true";
  finger.hidden = !navigator.maxTouchPoints;
  finger.addEventListener("click", () => {
    finger.setAttribute("aria-pressed", !drawsWithFinger());
    form.classList.toggle("finger-draws", drawsWithFinger());
  });

  for (const paper of papers) {
    paper.classList.add("drawable");
    paper.querySelector("svg").replaceChildren();
    let start = null;
    let sketch = null;
    const area = (event) => {
      const [x, y] = at(paper, event);
      return [Math.min(x, start[0]), Math.min(y, start[1]), Math.max(x, start[0]), Math.max(y, start[1])];
    };
    paper.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || (event.pointerType === "touch" && !drawsWithFinger())) return; // a finger scrolls
      start = at(paper, event);
      choose(null);
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
      if (isBox && event.type === "pointerup") add(paper.dataset.page, drawn).frame.focus({ preventScroll: true });
    };
    paper.addEventListener("pointerup", end);
    paper.addEventListener("pointercancel", end);
  }

  form.addEventListener("keydown", (event) => {
    const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.code === "KeyZ";
    if (!isUndo || event.target.matches("input:not([type=checkbox])") || !undone.length) return;
    event.preventDefault();
    undone.pop()();
  });
  form.querySelectorAll("[data-drawing]").forEach((part) => {
    part.hidden = false;
  });
  const pause = (milliseconds) => new Promise((over) => setTimeout(over, milliseconds));

  // Has some pages made and read again; once more a few times where the network or the machine is busy. Returns what
  // was found, or null.
  async function readAgain(pages) {
    const body = new URLSearchParams(new FormData(form)); // in parts the service takes some hundred boxes alone
    pages.forEach((page) => body.append("page", page));
    for (let left = TRIES; left; left -= 1) {
      const answer = await fetch(form.dataset.readAgain, { method: "POST", body }).catch(() => null);
      if (answer?.ok && !answer.redirected) return answer.json();
      if (answer && !BUSY.includes(answer.status)) return null;
      await pause(RETRY_AFTER);
    }
    return null;
  }

  let readFor = ""; // the boxes for which pages were read again, and how many pages
  let readCount = 0;

  // A long document is read again some pages at a time, so that nobody waits without seeing how far it is. What the
  // service signs of each goes with the form that then makes the copy. After a failure it goes on where it ended,
  // unless boxes were changed.
  async function readAllAgain(pages) {
    const said = form.querySelector("[data-said-of-pages]");
    const parts = [form.querySelector(".desk"), ...form.querySelectorAll(".saving button")];
    const { progress, stopped, atOnce } = form.dataset;
    const boxes = new FormData(form).getAll("box").join(" ");
    const found = (name) => form.querySelectorAll(`input[name=${name}]`);
    const add = (name, value) =>
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    if (boxes !== readFor) {
      [...found("proof"), ...found("unfinished")].forEach((each) => each.remove());
      [readFor, readCount] = [boxes, 0];
    }
    parts.forEach((part) => (part.inert = true));
    for (let done = readCount; done < pages.length && found("unfinished").length < MOST_UNFINISHED;) {
      said.hidden = false;
      said.textContent = progress
        .replace("#", Math.min(done + Number(atOnce), pages.length))
        .replace("#", pages.length);
      const answer = await readAgain(pages.slice(done, done + Number(atOnce)));
      if (!answer) {
        said.textContent = stopped;
        parts.forEach((part) => (part.inert = false));
        return;
      }
      add("proof", answer.proof);
      answer.unfinished.forEach((page) => add("unfinished", page));
      done = readCount = done + Number(atOnce);
    }
    leaving = true;
    form.submit(); // without the event: this is its end
  }

  form.addEventListener("submit", (event) => {
    const pages = [
      ...new Set([...list.querySelectorAll("input[name=box]:checked")].map((tick) => tick.value.split(",")[0])),
    ];
    if (event.submitter?.dataset.making && pages.length > Number(form.dataset.atOneGo)) {
      event.preventDefault();
      readAllAgain(pages);
      return;
    }
    leaving = true;
    const making = event.submitter?.dataset.making;
    if (making)
      setTimeout(() => {
        event.submitter.textContent = making;
        event.submitter.disabled = true;
      });
  });
  addEventListener("pageshow", () => {
    leaving = false;
  });
  addEventListener("beforeunload", (event) => {
    if (leaving || !changed) return;
    event.preventDefault();
    event.returnValue = ""; // what older browsers ask for
  });
  list.querySelectorAll("li").forEach(show);
  list.addEventListener("change", ({ target }) => {
    const group = target.closest("[data-page-boxes]");
    const isWanted = target.checked; // each click below counts anew, which changes the tick of the page
    if (target.matches("[data-whole-page]"))
      group.querySelectorAll("input[name=box]").forEach((tick) => {
        if (tick.checked !== isWanted) tick.click();
      });
    count(group);
  });

  // What was marked is said beside the field, which takes the next words.
  const marked = form.querySelector("[data-marked]");
  if (marked) {
    marked.append(...document.querySelectorAll("main > .notice[role=status]"));
    form.elements.words.focus();
    form.elements.words.select();
    marked.scrollIntoView({ block: "nearest" });
  }
}
