// Search of a static copy, read from a disk: browsers fetch no files there, so texts come as scripts.
"use strict";
(() => {
  const shards = Number(document.currentScript.dataset.shards);
  const MOST_RESULTS = 100;
  const SNIPPET = 60; // characters before and after a hit
  const THAI_DIGITS = new RegExp("[๐-๙]", "g");
  const SPACES = new RegExp("\\s+");
  const folded = (text) => text.toLowerCase().replace(THAI_DIGITS, (digit) => "๐๑๒๓๔๕๖๗๘๙".indexOf(digit));

  let waiting = null;
  window.prakatShard = (records) => waiting(records);

  function load(number) {
    return new Promise((resolve, reject) => {
      waiting = resolve;
      const script = document.createElement("script");
      script.src = `search-data/${number}.js`;
      script.onload = () => script.remove();
      script.onerror = reject;
      document.head.append(script);
    });
  }

  function match(record, words) {
    const title = folded(record.title);
    const parts = [[null, record.body], ...record.pages].map(([where, text]) => [where, text, folded(text)]);
    let score = 0;
    let best = null;
    for (const word of words) {
      const inTitle = title.includes(word);
      const part = parts.find(([, , text]) => text.includes(word));
      if (!inTitle && !part) return null;
      score += inTitle ? 3 : 1;
      if (part && !best) best = { where: part[0], text: part[1], at: part[2].indexOf(word), length: word.length };
    }
    return { record, score, best };
  }

  function line(hit) {
    const item = document.createElement("li");
    const heading = document.createElement("h3");
    const link = document.createElement("a");
    link.href = `announcements/${hit.record.id}.html`;
    link.textContent = hit.record.title;
    heading.append(link);
    const facts = document.createElement("p");
    facts.className = "quiet";
    facts.textContent = `${hit.record.kind} · ${hit.record.day}`;
    item.append(heading, facts);
    if (hit.best) item.append(passage(hit.best));
    return item;
  }

  function passage({ where, text, at, length }) {
    const shown = document.createElement("p");
    shown.className = "passage";
    const mark = document.createElement("mark");
    mark.textContent = text.slice(at, at + length);
    const before = text.slice(Math.max(0, at - SNIPPET), at);
    const after = text.slice(at + length, at + length + SNIPPET);
    shown.append(where ? `${where}: …` : "…", before, mark, after, "…");
    return shown;
  }

  async function search(typed, status, results) {
    const words = folded(typed).split(SPACES).filter(Boolean);
    document.querySelector("[data-copy-browse]").hidden = words.length > 0;
    results.replaceChildren();
    status.hidden = words.length === 0;
    if (!words.length) return;
    status.textContent = "กำลังค้นหา…";
    const hits = [];
    for (let number = 0; number < shards; number += 1) {
      for (const record of await load(number)) {
        const hit = match(record, words);
        if (hit) hits.push(hit);
      }
    }
    hits.sort((one, other) => other.score - one.score || other.record.iso.localeCompare(one.record.iso));
    status.textContent = hits.length ? `พบ ${hits.length.toLocaleString("th")} เรื่อง` : "ไม่พบเรื่องที่ตรงกับคำนี้";
    results.append(...hits.slice(0, MOST_RESULTS).map(line));
  }

  const form = document.querySelector("[data-copy-search]");
  const status = document.querySelector("[data-copy-status]");
  const results = document.querySelector("[data-copy-results]");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true; // one search at a time: the texts come through one door
    try {
      await search(form.querySelector("input").value, status, results);
    } catch {
      status.textContent = "อ่านข้อมูลค้นหาไม่ได้ กรุณาคัดลอกทั้งโฟลเดอร์ใหม่";
    } finally {
      button.disabled = false;
    }
  });
})();
