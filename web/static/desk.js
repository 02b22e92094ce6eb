// The correction desk: the text line by line beside the picture. Tab goes from one doubtful word to the next,
// Enter accepts it, Alt and a digit put one of the offered words in its place, Ctrl+Enter saves and goes on.
"use strict";

const DOUBLE_CLICK = 300; // milliseconds between its two clicks at most

const form = document.getElementById("desk");

if (form) {
  const whole = form.elements.text;
  const list = form.querySelector("[data-lines]");
  const sheet = document.querySelector("[data-sheet]");
  const paper = sheet?.querySelector(".paper"); // an Office file has no picture
  const isPutBack = whole.value !== whole.defaultValue; // the places of doubts are those of the stored text
  const marks = isPutBack ? [] : JSON.parse(list.dataset.marks);
  const lines = []; // { row, field, under, doubts: [{ start, end, mark, settled }] }, in order
  let leaving = false;

  const rectangles = (doubt) => document.querySelectorAll(`rect[data-mark="${doubt.mark.start}"]`);

  // Doubts, each with its line and its place there.

  function build() {
    let at = 0;
    for (const text of whole.value.split("\n")) {
      const doubts = marks
        .filter((mark) => mark.start >= at && mark.end <= at + text.length)
        .map((mark) => ({ mark, start: mark.start - at, end: mark.end - at, settled: false }));
      addLine(text, doubts);
      at += text.length + 1;
    }
    form.querySelector("[data-whole]").hidden = true;
  }

  function addLine(text, doubts, place = lines.length) {
    const row = document.createElement("div");
    const under = document.createElement("div");
    const field = document.createElement("textarea");
    row.className = "text-line";
    under.className = "under";
    under.setAttribute("aria-hidden", "true");
    field.rows = 1;
    field.value = field.defaultValue = text;
    field.setAttribute("aria-label", `${list.dataset.line} ${place + 1}`);
    row.append(under, field);
    list.insertBefore(row, lines[place]?.row ?? null);
    const line = { row, field, under, doubts, before: text };
    lines.splice(place, 0, line);
    field.addEventListener("beforeinput", (event) => {
      const moves = event.inputType.startsWith("history") || event.inputType.includes("Drop");
      const isBackward = event.inputType.endsWith("Backward") && field.selectionStart === field.selectionEnd;
      line.changed = moves ? null : [isBackward ? null : field.selectionStart, field.selectionEnd];
    });
    field.addEventListener("input", () => {
      accepted.length = 0; // Ctrl+Z is now the browser's
      follow(line);
    });
    field.addEventListener("keydown", (event) => press(event, line));
    field.addEventListener("focus", () => look(line));
    field.addEventListener("click", () => {
      const found = line.doubts.find(
        (each) => !each.settled && field.selectionStart >= each.start && field.selectionEnd <= each.end,
      );
      if (found) go(line, found);
    });
    paint(line);
    return line;
  }

  // Makes lines of their own of what follows a line break in a line, as when several lines are pasted.
  function split(line) {
    const [first, ...rest] = line.field.value.split("\n");
    line.field.value = first;
    const place = lines.indexOf(line);
    const added = rest.map((text, number) => addLine(text, [], place + 1 + number));
    added.at(-1)?.field.focus();
  }

  // Moves the doubts of a line along with what was typed before them; one that was typed into is settled.
  function follow(line) {
    split(line);
    const now = line.field.value;
    const was = line.before;
    const grown = now.length - was.length;
    // Between which letters the change lies; where that is not known, between those that differ.
    const [begin, to] = line.changed ?? [was.length, 0];
    const from = begin ?? to + grown; // what was deleted backwards
    line.changed = null;
    let same = 0;
    while (same < from && same < was.length && same < now.length && was[same] === now[same]) same += 1;
    let tail = 0;
    while (
      tail < was.length - Math.max(same, to) &&
      tail < now.length - same &&
      was[was.length - 1 - tail] === now[now.length - 1 - tail]
    )
      tail += 1;
    const end = was.length - tail;
    for (const each of line.doubts) {
      if (each.start >= end && each.start >= same) {
        each.start += grown;
        each.end += grown;
      } else if (each.end > same) each.settled = true;
    }
    line.before = now;
    paint(line);
    choices();
  }

  function paint(line) {
    const open = line.doubts.filter((each) => !each.settled);
    const text = line.field.value;
    const parts = [];
    let at = 0;
    for (const each of open) {
      const marked = document.createElement("mark");
      marked.textContent = text.slice(each.start, each.end);
      parts.push(text.slice(at, each.start), marked);
      at = each.end;
    }
    line.under.replaceChildren(...parts, text.slice(at));
    line.row.classList.toggle("doubtful", open.length > 0);
    for (const each of line.doubts) {
      rectangles(each).forEach((rect) => rect.classList.toggle("settled", each.settled));
    }
    const left = lines.flatMap((each) => each.doubts).filter((each) => !each.settled).length;
    const told = document.querySelector("[data-left]");
    if (told) told.textContent = `${told.dataset.left} ${left}`;
  }

  // The doubtful word that is selected now.
  let current = null;
  const accepted = []; // words that were accepted, with their line as it was before, the last one at the end

  const all = () =>
    lines.flatMap((line) => line.doubts.filter((doubt) => !doubt.settled).map((doubt) => ({ line, doubt })));

  function go(line, doubt) {
    current = { line, doubt };
    line.field.focus();
    line.field.setSelectionRange(doubt.start, doubt.end);
    document.querySelectorAll("rect.here").forEach((rect) => rect.classList.remove("here"));
    const rects = rectangles(doubt);
    rects.forEach((rect) => rect.classList.add("here"));
    if (rects[0]) show(Number(rects[0].getAttribute("y")), Number(rects[0].getAttribute("x")));
    choices();
  }

  // Goes to the next doubtful word after the cursor (or the one before it). Returns false where there is none.
  function step(line, back) {
    const place = lines.indexOf(line);
    const cursor = back ? line.field.selectionStart : line.field.selectionEnd;
    const found = all().filter((each) => {
      const at = lines.indexOf(each.line);
      return back
        ? at < place || (at === place && each.doubt.end <= cursor && each.doubt !== current?.doubt)
        : at > place || (at === place && each.doubt.start >= cursor);
    });
    const next = back ? found.at(-1) : found[0];
    if (!next) return false;
    go(next.line, next.doubt);
    return true;
  }

  const isSelected = (line) =>
    current &&
    current.line === line &&
    !current.doubt.settled &&
    line.field.selectionStart === current.doubt.start &&
    line.field.selectionEnd === current.doubt.end;

  function accept(line, word) {
    const { doubt } = current;
    const before = line.field.value;
    const spots = line.doubts.map(({ start, end, settled }) => ({ start, end, settled }));
    if (word !== undefined && word !== line.field.value.slice(doubt.start, doubt.end)) {
      line.changed = [doubt.start, doubt.end];
      line.field.setRangeText(word, doubt.start, doubt.end, "end");
      follow(line);
    }
    doubt.settled = true;
    accepted.push({ line, doubt, before, spots, after: line.field.value });
    current = null;
    paint(line);
    choices();
    if (step(line, false)) return;
    const [skipped] = all(); // one that Tab passed by
    if (skipped) go(skipped.line, skipped.doubt);
    else form.querySelector("button[name=next]").focus();
  }

  // Takes the last accepted word back, as Ctrl+Z does with what is typed. Returns false where there is none.
  function takeBack() {
    const last = accepted.at(-1);
    if (!last || last.line.field.value !== last.after) return false;
    accepted.pop();
    const { line } = last;
    line.field.value = line.before = last.before;
    line.doubts.forEach((doubt, place) => Object.assign(doubt, last.spots[place]));
    paint(line);
    go(line, last.doubt);
    return true;
  }

  function press(event, line) {
    if (event.isComposing) return;
    if (event.key === "Enter") {
      if (event.shiftKey) return; // a line break, which begins another line
      event.preventDefault();
      if (event.ctrlKey || event.metaKey) return; // which saves, wherever the focus is
      if (isSelected(line)) accept(line);
      else if (!step(line, false)) lines[lines.indexOf(line) + 1]?.field.focus();
      return;
    }
    if (event.key === "Tab" && step(line, event.shiftKey)) {
      event.preventDefault();
      return;
    }
    // with Alt, so that a number can be typed over a doubtful word; by place, for Alt changes the letter on some
    // keyboards
    const digit = event.code.startsWith("Digit") ? Number(event.code.at(-1)) - 1 : -1;
    if (digit >= 0 && event.altKey && !event.ctrlKey && isSelected(line)) {
      const word = current.doubt.mark.alternatives[digit];
      if (word === undefined) return;
      event.preventDefault();
      accept(line, word);
    }
  }

  // The offered words below the line of the selected one, for the mouse too. Lines stay where they are until a
  // second click of a double click would have come.
  let pressed = -Infinity; // milliseconds: when a line was last clicked
  let waiting;
  list.addEventListener("pointerdown", ({ target }) => {
    if (target.matches("textarea")) pressed = performance.now();
  });
  function choices() {
    clearTimeout(waiting);
    const wait = pressed + DOUBLE_CLICK - performance.now();
    if (wait > 0) waiting = setTimeout(showChoices, wait);
    else showChoices();
  }

  function showChoices() {
    list.querySelector(".choices")?.remove();
    if (!current || current.doubt.settled) return;
    const { line, doubt } = current;
    const bar = document.createElement("div");
    bar.className = "choices";
    const button = (key, text, act) => {
      const made = document.createElement("button");
      const hint = document.createElement("kbd");
      made.type = "button";
      made.className = "button small";
      made.tabIndex = -1; // the keys do the same
      hint.textContent = key;
      made.append(hint, ` ${text}`);
      made.addEventListener("mousedown", (event) => event.preventDefault()); // the line keeps the focus
      made.addEventListener("click", act);
      bar.append(made);
    };
    button("Enter", list.dataset.accept, () => accept(line)); // in its place for each word, for who clicks twice
    doubt.mark.alternatives.forEach((word, place) =>
      button(`Alt+${place + 1}`, list.dataset.put.replace("#", word), () => accept(line, word)),
    );
    line.row.append(bar);
    line.row.scrollIntoView({ block: "nearest" });
  }

  // The picture.

  function show(y, x) {
    const height = (paper.scrollHeight * y) / 10000;
    const across = (paper.scrollWidth * x) / 10000;
    sheet.scrollTo({ top: height - sheet.clientHeight / 3, left: across - sheet.clientWidth / 3 });
  }

  function look(line) {
    if (current && current.line !== line) {
      current = null;
      choices();
    }
    const found = line.doubts.find((each) => each.mark.boxes.length);
    if (found) show(found.mark.boxes[0][1], found.mark.boxes[0][0]);
  }

  document.querySelectorAll("rect[data-mark]").forEach((rect) =>
    rect.addEventListener("click", () => {
      const found = all().find((each) => String(each.doubt.mark.start) === rect.dataset.mark);
      if (found) go(found.line, found.doubt);
    }),
  );

  form.addEventListener("keydown", (event) => {
    const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.code === "KeyZ";
    if (isUndo && takeBack()) event.preventDefault();
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("button[name=next]"));
  });

  // Saving.

  const text = () => lines.map((line) => line.field.value).join("\n");
  const isChanged = () =>
    text() !== whole.defaultValue || lines.some(({ doubts }) => doubts.some(({ settled }) => settled));

  // Doubts that nobody has checked, as start:start now:end now.
  function unchecked() {
    const left = [];
    let at = 0;
    for (const line of lines) {
      for (const { mark, start, end, settled } of line.doubts)
        if (!settled) left.push([mark.start, at + start, at + end].join(":"));
      at += line.field.value.length + 1;
    }
    return left.join(",");
  }

  form.addEventListener("submit", () => {
    leaving = true;
    whole.value = text();
    form.elements.unchecked.value = unchecked();
  });
  addEventListener("pageshow", () => {
    leaving = false;
  });
  addEventListener("beforeunload", (event) => {
    if (leaving || !isChanged()) return;
    event.preventDefault();
    event.returnValue = ""; // what older browsers ask for
  });

  if (paper) document.querySelector("[data-tools]").hidden = false;
  document.querySelector("[data-help]").hidden = false;
  build();
  const first = all()[0];
  if (first) go(first.line, first.doubt);
}
