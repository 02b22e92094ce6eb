// Search of a static copy, read from a disk: browsers fetch no files there, so texts come as scripts.
"use strict";
(() => {
  const shards = Number(document.currentScript.dataset.shards);
  const MOST_RESULTS = 100;
  const SNIPPET = 60; // characters before and after a hit
  const LEAST_SHARE = 0.4; // of the typed letters that a record must have where none has all
  const THAI_DIGITS = new RegExp("[๐-๙]", "g");
  const THAI = new RegExp("[\\u0e00-\\u0e7f]");
  const SPECIAL = new RegExp("[.*+?^${}()|[\\]\\\\]", "g");
  const SPACES = new RegExp("\\s+");
  const BROKEN = new RegExp("^[\\u0e30-\\u0e3a\\u0e45\\u0e47-\\u0e4e]+"); // signs without their consonant
  const segmenter = window.Intl?.Segmenter ? new Intl.Segmenter("th", { granularity: "word" }) : null;
  const folded = (text) => text.toLowerCase().replace(THAI_DIGITS, (digit) => "๐๑๒๓๔๕๖๗๘๙".indexOf(digit));
  const bare = (text) => folded(text).replaceAll(".", "");

  let waiting = null;
  let synonyms = null; // a term without dots → the terms that mean the same
  let stopwords = null;
  window.prakatShard = (content) => waiting(content);

  function load(name) {
    return new Promise((resolve, reject) => {
      waiting = resolve;
      const script = document.createElement("script");
      script.src = `search-data/${name}.js`;
      script.onload = () => script.remove();
      script.onerror = reject;
      document.head.append(script);
    });
  }

  async function loadWords() {
    const content = await load("words");
    stopwords = new Set(content.stopwords);
    synonyms = new Map();
    for (const group of content.synonyms) {
      for (const term of group) {
        const others = group.filter((other) => other !== term);
        synonyms.set(bare(term), [...(synonyms.get(bare(term)) ?? []), ...others]);
      }
    }
  }

  // A pattern of a term and of those that mean the same; in Thai a line may break anywhere.
  function pattern(term) {
    const terms = [term, ...(synonyms.get(bare(term)) ?? []).map(folded)];
    const spelled = terms.map((each) => [...each].reduce((made, letter, at, letters) => {
      const gap = at && THAI.test(letter) && THAI.test(letters[at - 1]) ? "\\s?" : "";
      return made + gap + letter.replace(SPECIAL, "\\$&");
    }, ""));
    return { letters: term.length, find: new RegExp(spelled.join("|")) };
  }

  // What was typed between spaces, as a whole and as the words of it that say something.
  function clause(typed) {
    const cut = segmenter ? [...segmenter.segment(typed)].filter((each) => each.isWordLike) : [];
    const words = cut.map((each) => each.segment).filter((word) => !stopwords.has(word));
    return { whole: pattern(typed), words: words.map(pattern) };
  }

  // How well a text has a clause: 1 as a whole, the letters' share of its words otherwise.
  function share({ whole, words }, text) {
    if (whole.find.test(text)) return 1;
    const all = words.reduce((sum, word) => sum + word.letters, 0);
    return all && words.reduce((sum, word) => sum + (word.find.test(text) ? word.letters : 0), 0) / all;
  }

  function match(record, clauses) {
    const title = folded(record.title);
    const parts = [[null, record.body], ...record.pages].map(([where, text]) => [where, text, folded(text)]);
    const everything = [title, folded(record.day), ...parts.map(([, , text]) => text)].join("\n");
    const mean = (text) => clauses.reduce((sum, each) => sum + share(each, text), 0) / clauses.length;
    const found = mean(everything);
    if (found < LEAST_SHARE) return null;
    const wholes = clauses.filter(({ whole }) => whole.find.test(everything)).length / clauses.length;
    const best = parts.map((part) => [mean(part[2]), part]).reduce((one, other) => (other[0] > one[0] ? other : one));
    return { record, found, score: 3 * mean(title) + 2 * wholes + best[0], best: passageOf(best[1], clauses) };
  }

  function passageOf([where, text, searched], clauses) {
    const finds = [...clauses.map(({ whole }) => whole), ...clauses.flatMap(({ words }) => words)];
    const hit = finds.map(({ find }) => find.exec(searched)).find(Boolean);
    return hit ? { where, text, at: hit.index, length: hit[0].length } : null;
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
    const before = text.slice(Math.max(0, at - SNIPPET), at).replace(BROKEN, "");
    const after = text.slice(at + length, at + length + SNIPPET);
    shown.append(where ? `${where}: …` : "…", before, mark, after, "…");
    return shown;
  }

  function verdict(typed, count, isComplete) {
    const shown = count.toLocaleString("th");
    if (count && isComplete) return `พบ ${shown} เรื่อง`;
    if (count) return `ไม่พบเรื่องที่มีครบทุกคำ เรื่องที่มีบางคำมี ${shown} เรื่อง`;
    return `ไม่พบเรื่องที่ตรงกับ “${typed}” ลองพิมพ์ให้สั้นลง ใช้คำอื่น หรือเปิดดูตามปีด้านล่าง`;
  }

  async function search(typed, status, results) {
    const chunks = folded(typed).split(SPACES).filter(Boolean);
    const browse = document.querySelector("[data-copy-browse]");
    browse.hidden = chunks.length > 0;
    results.replaceChildren();
    status.hidden = chunks.length === 0;
    if (!chunks.length) return;
    status.textContent = "กำลังค้นหา…";
    if (!synonyms) await loadWords();
    const clauses = chunks.map(clause);
    const hits = [];
    for (let number = 0; number < shards; number += 1) {
      hits.push(...(await load(number)).map((record) => match(record, clauses)).filter(Boolean));
    }
    const complete = hits.filter((hit) => hit.found === 1);
    const shown = complete.length ? complete : hits;
    shown.sort((one, other) => other.score - one.score || other.record.iso.localeCompare(one.record.iso));
    status.textContent = verdict(typed.trim(), shown.length, complete.length > 0);
    browse.hidden = shown.length > 0;
    results.append(...shown.slice(0, MOST_RESULTS).map(line));
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
