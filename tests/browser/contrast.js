// Contrasts of the page as the browser paints it: ``contrasts`` is used by test_contrast.py.
"use strict";

(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const THEMES = ["light", "dark"];
  const TRANSPARENT = [0, 0, 0, 0];
  const WHITE = [255, 255, 255, 1];

  // A CSS colour as red, green, blue (0-255) and alpha (0-1).
  function rgba(css) {
    if (!known.has(css)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = css;
      canvas.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(css, [red, green, blue, alpha / 255]);
    }
    return known.get(css);
  }

  function blend(top, below) {
    const alpha = top[3] + below[3] * (1 - top[3]);
    if (!alpha) return TRANSPARENT;
    const mixed = [0, 1, 2].map((at) => (top[at] * top[3] + below[at] * below[3] * (1 - top[3])) / alpha);
    return [...mixed, alpha];
  }

  // What is judged in each theme, as the page's own switch sets it, with the theme.
  function inBothThemes(judge) {
    const page = document.documentElement.dataset;
    const judged = THEMES.flatMap((theme) => {
      page.theme = theme;
      return judge().map((each) => ({ theme, ...each }));
    });
    delete page.theme;
    return judged;
  }

  // The opaque colour that is seen where a colour is painted into an element: the backgrounds and opacities
  // of all its ancestors count. null where a filter or a picture behind it makes that unknown.
  function seenColour(element, colour) {
    for (let each = element; each; each = each.parentElement) {
      const style = getComputedStyle(each);
      if (style.filter !== "none" || style.backgroundImage !== "none") return null;
      colour = blend(colour, rgba(style.backgroundColor));
      colour = [...colour.slice(0, 3), colour[3] * Number(style.opacity)];
    }
    return blend(colour, WHITE);
  }

  // Relative luminance after WCAG 2.2.
  function luminance(colour) {
    const [red, green, blue] = colour
      .slice(0, 3)
      .map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  // The contrast (1-21) of a colour with the background that it is painted on inside an element; 0 if unknown.
  function contrast(element, css, backgroundCss = "transparent") {
    const background = rgba(backgroundCss);
    const below = seenColour(element, background);
    const above = seenColour(element, blend(rgba(css), background));
    if (!below || !above) return 0;
    const [dark, light] = [luminance(below), luminance(above)].sort((one, other) => one - other);
    return (light + 0.05) / (dark + 0.05);
  }

  function isShown(element) {
    const box = element.getBoundingClientRect();
    return box.width > 2 && box.height > 2 && element.checkVisibility({ visibilityProperty: true });
  }

  const NOT_TYPED_INTO = ["checkbox", "radio", "file", "hidden", "submit", "button"];

  function isField(element) {
    return element.matches("textarea, select, input") && !NOT_TYPED_INTO.includes(element.type);
  }

  // True for the invisible copy of a field's text that carries coloured marks below the field, which shows the text.
  function isUnderlay(element) {
    const copy = element.closest("[aria-hidden=true]"), field = copy?.parentElement.querySelector("textarea");
    if (!field || field.value.trim() !== copy.textContent.trim()) return false;
    return rgba(getComputedStyle(element).color)[3] === 0;
  }

  function shownTexts(element) {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), texts = [];
    while (walker.nextNode()) {
      const holder = walker.currentNode.parentElement;
      const isHidden = holder.closest("script, style, option, .hidden-label, .skip:not(:focus)") || isUnderlay(holder);
      if (walker.currentNode.data.trim() && !isHidden && isShown(holder)) texts.push(walker.currentNode);
    }
    return texts;
  }

  // The lowest contrast of the texts inside an element, what is typed into it included.
  function text(element) {
    let lowest = Infinity, example = "";
    for (const node of shownTexts(element)) {
      const found = contrast(node.parentElement, getComputedStyle(node.parentElement).color);
      if (found < lowest) [lowest, example] = [found, node.data.trim().slice(0, 40)];
    }
    if (isField(element)) {
      lowest = Math.min(lowest, contrast(element, getComputedStyle(element).color));
      example ||= element.value.slice(0, 40);
    }
    return { name: element.outerHTML.replace(/\s+/g, " ").slice(0, 110), example, text: lowest };
  }

  function selected(element) {
    const style = getComputedStyle(element, "::selection");
    return contrast(element, style.color, style.backgroundColor);
  }

  // Of the focus ring with what it is drawn on: around the element, or within it where its offset says so.
  function ring(element) {
    const style = getComputedStyle(element);
    if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) return 0;
    const isInside = parseFloat(style.outlineOffset) < 0;
    return contrast(isInside ? element : element.parentElement, style.outlineColor);
  }

  // Every field that can be typed into.
  function fields() {
    const shown = [...document.querySelectorAll("input, textarea, select")].filter(isField).filter(isShown);
    return shown.map((element) => {
      const style = getComputedStyle(element);
      const caret = contrast(element, style.caretColor === "auto" ? style.color : style.caretColor);
      const found = { ...text(element), caret, selected: selected(element) };
      const placeholder = getComputedStyle(element, "::placeholder");
      if (element.placeholder) found.placeholder = contrast(element, placeholder.color) * Number(placeholder.opacity);
      return found;
    });
  }

  let watched = { judged: new Map(), isRound: false };

  // From now on each element is judged when it gets the focus, until the focus comes round.
  function watchFocus() {
    document.documentElement.dataset.theme = "light";
    document.activeElement.blur();
    watched = { judged: new Map(), isRound: false };
  }

  function whenFocused(element) {
    return { ...text(element), ring: ring(element) };
  }

  addEventListener("focusin", ({ target }) => {
    watched.isRound ||= watched.judged.has(target);
    if (!watched.isRound) watched.judged.set(target, { theme: "light", ...whenFocused(target) });
  });

  // Of each element that the Tab key focused since ``watchFocus``, and of the same in the dark; null until the focus
  // came round. What a script focuses after a key shows its ring too.
  function focused() {
    if (!watched.isRound) return null;
    const page = document.documentElement.dataset;
    page.theme = "dark";
    const again = [...watched.judged.keys()].map((element) => {
      element.focus();
      return { theme: "dark", ...whenFocused(element) };
    });
    delete page.theme;
    return [...watched.judged.values(), ...again];
  }

  // Numbers one control of each look (the same style sheets, and the same classes all the way up) that is not among
  // the known ones; the looks in the order of their numbers.
  function markLooks(known) {
    const seen = new Set(known), looks = [];
    const sheets = [...document.styleSheets].map((sheet) => sheet.href).join();
    for (const element of document.querySelectorAll("a, button, summary, input, select, textarea")) {
      let look = [sheets, element.type, element.disabled, element.getAttribute("aria-current")].join();
      for (let each = element; each; each = each.parentElement) look += ` ${each.tagName}.${each.className}`;
      if (!isShown(element) || seen.has(look) || element.closest(".skip")) continue;
      element.dataset.look = String(looks.length);
      seen.add(look);
      looks.push(look);
    }
    return looks;
  }

  function disableAll() {
    const controls = [...document.querySelectorAll("button, input, select, textarea")];
    for (const control of controls) control.disabled = true;
    return controls.filter(isShown).map(text);
  }

  window.contrasts = {
    atRest: () => inBothThemes(() => [text(document.body)]),
    fields: () => inBothThemes(fields),
    watchFocus,
    focused,
    markLooks,
    hovered: (element) => inBothThemes(() => [text(element)]),
    disableAll: () => inBothThemes(disableAll),
  };
})();
