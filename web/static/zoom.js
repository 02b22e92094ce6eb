// Zoom of the pictures of pages that staff work on: the buttons make them wider than their frame, and what is in the
// middle stays there.
"use strict";

const ZOOMS = [100, 140, 190, 260]; // per cent of the frame's width

{
  const sheets = [...document.querySelectorAll("[data-sheet]")];
  const buttons = document.querySelectorAll("[data-zoom-by]");
  let zoom = 0;

  // The sheet in the middle of the window, or the last one above it, and its place nearest to there, from 0 to 1.
  function middle() {
    const at = innerHeight / 2;
    const sheet = sheets.find((each) => each.getBoundingClientRect().bottom > at) ?? sheets.at(-1);
    const box = sheet.getBoundingClientRect();
    return { sheet, share: Math.min(1, Math.max(0, (at - box.top) / box.height)) };
  }

  // The position of a place of the sheet in the window, in pixels from the top.
  function at(sheet, share) {
    const box = sheet.getBoundingClientRect();
    return box.top + share * box.height;
  }

  function set(step) {
    zoom = step ? Math.min(ZOOMS.length - 1, Math.max(0, zoom + step)) : 0;
    const { sheet, share } = middle();
    const before = at(sheet, share);
    for (const each of sheets) {
      const across = (each.scrollLeft + each.clientWidth / 2) / each.scrollWidth;
      const down = (each.scrollTop + each.clientHeight / 2) / each.scrollHeight;
      const picture = each.querySelector("img");
      if (zoom && picture.dataset.large) {
        picture.src = picture.dataset.large;
        delete picture.dataset.large;
      }
      each.querySelector(".paper").style.width = `${ZOOMS[zoom]}%`;
      each.scrollTo(across * each.scrollWidth - each.clientWidth / 2, down * each.scrollHeight - each.clientHeight / 2);
    }
    scrollBy(0, at(sheet, share) - before);
  }

  buttons.forEach((button) => button.addEventListener("click", () => set(Number(button.dataset.zoomBy))));
}
