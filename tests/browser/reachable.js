// The controls of the page whose middle a mouse cannot hit because something else lies there.
() => {
  const controls = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  const visible = (one) => {
    const box = one.getBoundingClientRect();
    if (getComputedStyle(one).clipPath === "inset(50%)") return false; // for screen readers alone
    return one.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && box.width > 2 && box.height > 2;
  };
  const label = (one) => `${one.tagName.toLowerCase()}#${one.id} “${(one.textContent || one.name || "").trim().slice(0, 40)}”`;
  const covered = [];
  for (const one of document.querySelectorAll(controls)) {
    if (one.disabled || one.matches(":disabled") || one.closest(".skip, [aria-hidden=true]") || !visible(one)) continue;
    one.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    const box = [...one.getClientRects()].sort((a, b) => b.width * b.height - a.width * a.height)[0];
    const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    if (hit && (one.contains(hit) || hit.closest("label")?.control === one)) continue;
    covered.push(`${label(one)} is under ${hit ? label(hit) : "nothing: it is outside the window"}`);
  }
  return covered;
}
