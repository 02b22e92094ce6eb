// Notes on a file whose text is still to be read, brought up to date until it is read.
"use strict";

const LOOK_EVERY = 2500; // milliseconds

async function look() {
  const shown = document.querySelector("[data-until-read=waiting], [data-until-read=reading]");
  if (!shown) return;
  await new Promise((over) => setTimeout(over, LOOK_EVERY));
  const answer = document.hidden ? null : await fetch(location.pathname).catch(() => null);
  const fresh = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
  const renewed = fresh && fresh.querySelector("[data-until-read]");
  if (renewed && renewed.dataset.untilRead !== shown.dataset.untilRead && !shown.contains(document.activeElement)) {
    shown.replaceWith(renewed);
    document.querySelector("h1").replaceWith(fresh.querySelector("h1")); // a file that is read may have a name by now
    document.title = fresh.title;
  }
  look();
}

look();
