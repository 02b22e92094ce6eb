// All that a page does beyond links and forms: suggestions while typing, the theme, sharing, copying, zoom, turning
// pages, pictures.
"use strict";

const SAID_MILLISECONDS = 5000; // long enough to read a line twice

function suggestions(form) {
  const input = form.querySelector("input[name=q]");
  const list = document.createElement("ul");
  list.className = "suggestions";
  list.id = `${input.id}-suggestions`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.dataset.suggestions);
  list.hidden = true;
  form.append(list);
  for (const [name, value] of Object.entries({
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": list.id,
  })) {
    input.setAttribute(name, value);
  }
  let chosen = -1,
    timer,
    asked = "";

  function close() {
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }
  function choose(index) {
    const items = [...list.children];
    chosen = (index + items.length) % items.length;
    items.forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    input.setAttribute("aria-activedescendant", items[chosen].id);
  }
  function take(item) {
    input.value = item.textContent;
    close();
    form.requestSubmit();
  }
  async function ask() {
    const typed = input.value.trim();
    if (!typed) return close();
    asked = typed;
    const answer = await fetch(`${form.dataset.suggest}?q=${encodeURIComponent(typed)}`).catch(() => null);
    if (!answer || !answer.ok || asked !== input.value.trim()) return;
    const { suggestions: found } = await answer.json();
    list.replaceChildren(
      ...found
        .filter((text) => text !== typed)
        .map((text, at) => {
          const item = document.createElement("li");
          item.id = `${list.id}-${at}`;
          item.setAttribute("role", "option");
          item.setAttribute("aria-selected", "false");
          item.textContent = text;
          item.addEventListener("mousedown", (event) => {
            event.preventDefault();
            take(item);
          });
          return item;
        }),
    );
    chosen = -1;
    list.hidden = !list.children.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
  }
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 120);
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen < 0 ? -1 : chosen - 1);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && chosen >= 0) take(list.children[chosen]);
    else return;
    event.preventDefault();
  });
}

function theme(button) {
  const root = document.documentElement;
  button.hidden = false;
  button.addEventListener("click", () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
  });
}

// Browsers keep the clipboard from pages that came unencrypted; what is selected they still copy.
function copyUnencrypted(text) {
  const area = document.createElement("textarea"),
    focused = document.activeElement;
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  focused.focus();
}

// What was done stands over the page for a while; a screen reader says it.
const said = document.createElement("p");
said.className = "said-over";
said.setAttribute("role", "status");
if (document.querySelector("[data-done], [data-no-voice]")) document.body.append(said);
let silence;
function say(text) {
  said.textContent = text;
  clearTimeout(silence);
  silence = setTimeout(() => said.replaceChildren(), SAID_MILLISECONDS);
}

async function copy(button, text) {
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else copyUnencrypted(text);
  say(button.dataset.done);
}

// A finger across the page's picture turns the page, unless the picture is enlarged.
function swipe(sheet) {
  let start = null;
  sheet.addEventListener(
    "touchstart",
    (event) => {
      start = event.touches.length === 1 && !sheet.classList.contains("large") ? event.touches[0] : null;
    },
    { passive: true },
  );
  sheet.addEventListener(
    "touchend",
    (event) => {
      if (!start) return;
      const end = event.changedTouches[0],
        across = end.clientX - start.clientX,
        down = end.clientY - start.clientY;
      start = null;
      if (Math.abs(across) < 70 || Math.abs(across) < 2 * Math.abs(down)) return;
      document.querySelector(`.turning a[rel=${across < 0 ? "next" : "prev"}]`)?.click();
    },
    { passive: true },
  );
}

document.querySelectorAll("form.search[data-suggest]").forEach(suggestions);
document.querySelectorAll("[data-theme-switch]").forEach(theme);
// A picture that the server is too busy to make now is asked for again, a little later each time; blank paper stands
// there meanwhile.
const MOST_TRIES = 8,
  LATER_MILLISECONDS = 1500; // some 50 seconds in all
function retryPicture(image) {
  const frame = image.closest(".sheet") ?? image,
    place = frame.parentElement,
    instead = place.querySelector("[data-no-picture]"),
    isInRow = image.matches(".papers img, .candidates img, .copy-pages img"); // beside words; its room stays
  let tries = 0;
  const show = (isThere, isWaiting) => {
    if (isInRow) return;
    frame.hidden = !isThere;
    place.classList.toggle("arriving", isWaiting);
    if (instead) instead.hidden = isThere;
  };
  const again = () => {
    show(false, ++tries <= MOST_TRIES);
    image.loading = "eager"; // a hidden picture is never scrolled to
    if (tries <= MOST_TRIES)
      setTimeout(() => {
        image.src = image.src;
      }, LATER_MILLISECONDS * tries);
  };
  image.addEventListener("error", again);
  image.addEventListener("load", () => show(true, false));
  if (image.complete && image.naturalWidth === 0 && image.currentSrc) again();
}
document
  .querySelectorAll(".find img, .sheet img, .sheet-row img, .papers img, .candidates img, .copy-pages img")
  .forEach(retryPicture);
document.querySelectorAll("[data-share]").forEach((button) => {
  button.hidden = false;
  if (!navigator.share) button.textContent = button.dataset.copies;
  button.addEventListener("click", () => {
    if (navigator.share) return navigator.share({ title: document.title, url: button.dataset.share }).catch(() => {});
    return copy(button, button.dataset.share);
  });
});
document.querySelectorAll("[data-copy]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => copy(button, button.dataset.copy));
});
document.querySelectorAll("[data-copy-text]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => copy(button, document.querySelector(button.dataset.copyText).innerText));
});
document.querySelectorAll(".turning form").forEach((form) => {
  form.page.addEventListener("change", () => form.requestSubmit());
});
document.querySelectorAll(".sheet").forEach(swipe);
// A browser writes its own button for files in its own language.
function fileButton(input) {
  const button = document.createElement("label"),
    chosen = document.createElement("span");
  button.className = "button small";
  button.htmlFor = input.id;
  button.textContent = input.dataset.chooseFile;
  chosen.className = "quiet";
  input.classList.add("hidden-label");
  input.after(button, " ", chosen);
  const show = () => {
    chosen.textContent = [...input.files].map((file) => file.name).join(", ");
  };
  input.addEventListener("change", () => setTimeout(show)); // files that are sent at once are no longer there
}
document.querySelectorAll("input[type=file][data-choose-file]").forEach(fileButton);
// A printed page needs the largest of its pictures, not the one for a narrow window.
const MOST_PRINT_TRIES = 4; // some ten seconds in all; then the picture that is shown is printed
async function isThere(address) {
  for (let tries = 1; tries <= MOST_PRINT_TRIES; tries++) {
    if (
      await fetch(address).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      return true;
    await new Promise((resolve) => {
      setTimeout(resolve, (LATER_MILLISECONDS * tries) / 2);
    });
  }
  return false;
}
async function printSharp() {
  const picture = document.querySelector(".sheet img");
  const largest = picture?.srcset.split(",").at(-1).trim().split(" ")[0];
  if (largest && (await isThere(largest))) {
    picture.removeAttribute("srcset");
    picture.src = largest;
    await picture.decode().catch(() => {});
  }
  print();
}
document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", printSharp);
});
const LEFT_MARGIN = 0.08; // share of a sheet's width that is empty on the left of official papers: 2 of 21 cm, or more

function zoomButton(button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const sheet = document.querySelector(".sheet");
    sheet.classList.toggle("large");
    [button.textContent, button.dataset.other] = [button.dataset.other, button.textContent];
    document.querySelector("[data-zoomed]")?.toggleAttribute("hidden", !sheet.classList.contains("large"));
    const beyond = sheet.scrollWidth - sheet.clientWidth;
    sheet.scrollLeft = Math.min(beyond / 2, sheet.scrollWidth * LEFT_MARGIN); // lines are read from their beginning
    (sheet.querySelector("rect:target") ?? sheet.querySelector("rect"))?.scrollIntoView({
      block: "center",
      inline: "center",
    });
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.querySelector(".sheet.large")) button.click();
  });
}
document.querySelectorAll("[data-zoom]").forEach(zoomButton);
// That the paper was cancelled stands in the bar while the notice above it, which says so too, is out of sight.
const relations = document.getElementById("relations"),
  ended = document.querySelector(".turning .ended");
if (relations && ended)
  new IntersectionObserver(([notice]) => {
    ended.classList.toggle("said-above", notice.isIntersecting);
  }).observe(relations);
// Steps from hit to hit of the page, in place of a number for each.
document.querySelectorAll(".stepping").forEach((stepper) => {
  const [before, after] = stepper.querySelectorAll("button"),
    count = document.querySelectorAll(".sheet rect").length;
  const number = () => (location.hash.startsWith("#hit-") ? Number(location.hash.slice(5)) : 1);
  const show = () =>
    stepper.querySelectorAll("b").forEach((each) => {
      each.textContent = number();
    });
  const step = (button, by) =>
    button.addEventListener("click", () => {
      // the jump takes the focus away
      addEventListener("hashchange", () => button.focus({ preventScroll: true }), { once: true });
      location.replace(`#hit-${((number() - 1 + by + count) % count) + 1}`);
    });
  step(before, -1);
  step(after, 1);
  addEventListener("hashchange", show);
  stepper.hidden = false;
  document.querySelector(".hits .numbers").hidden = true;
  show();
});
document.querySelectorAll("[data-compare]").forEach((part) => {
  const input = part.querySelector("input"),
    said = part.querySelector("output");
  if (!crypto.subtle) return; // browsers keep it from pages that came unencrypted
  part.hidden = false;
  input.addEventListener("change", async () => {
    const digest = await crypto.subtle.digest("SHA-256", await input.files[0].arrayBuffer());
    const mine = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const codes = [...document.querySelectorAll("[data-digest]")];
    codes.forEach((code) => code.classList.toggle("same", code.dataset.digest === mine));
    said.textContent = codes.some((code) => code.dataset.digest === mine) ? input.dataset.same : input.dataset.other;
  });
});

const VOICES_MILLISECONDS = 1000; // some browsers name their voices only a while after they were asked
async function hasThaiVoice() {
  const isThere = () => speechSynthesis.getVoices().some((voice) => voice.lang.toLowerCase().startsWith("th"));
  if (!isThere()) {
    await new Promise((resolve) => {
      speechSynthesis.addEventListener("voiceschanged", resolve, { once: true });
      setTimeout(resolve, VOICES_MILLISECONDS);
    });
  }
  return isThere();
}

// Reads a text aloud by the device's own voice; a second press stops.
document.querySelectorAll("[data-speak]").forEach((button) => {
  if (!("speechSynthesis" in window)) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const isSpeaking = button.getAttribute("aria-pressed") === "true";
    if (!isSpeaking && !(await hasThaiVoice())) return say(button.dataset.noVoice);
    speechSynthesis.cancel();
    button.setAttribute("aria-pressed", String(!isSpeaking));
    if (isSpeaking) return;
    const texts = [...document.querySelectorAll(button.dataset.speak)];
    texts.forEach((element, at) => {
      const said = new SpeechSynthesisUtterance(element.textContent); // one for each paragraph: long ones are cut off
      said.lang = "th-TH";
      if (at === texts.length - 1) said.addEventListener("end", () => button.setAttribute("aria-pressed", "false"));
      speechSynthesis.speak(said);
    });
  });
  addEventListener("pagehide", () => speechSynthesis.cancel());
});

// A menu closes when a person presses elsewhere, or Escape.
const menu = document.querySelector("details.menu");
if (menu) {
  addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.firstElementChild.focus();
  });
}
