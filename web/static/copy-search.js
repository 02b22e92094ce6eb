// Search of a static copy, read from a disk: browsers fetch no files there, so texts come as scripts.
"use strict";
(() => {
  const shards = Number(document.currentScript.dataset.shards);
  const MOST_RESULTS = 100;
  const SNIPPET = 60; // characters before and after a hit
  const MAX_WORD = 60; // characters, as the archive's tokenizer has it
  const UNKNOWN = 10; // cost of a letter that is in no known word, beside 1 for a word
  // The weights of the archive's own search: indexer/search/tuning.py says why.
  const TITLE_WEIGHT = 3;
  const SATURATION = 0.9;
  const LENGTH_NORMALIZATION = 0.75;
  const WHOLE_QUERY_BOOST = 0.5;
  const PHRASE_BOOST = 0.6;
  const STOPWORD_WEIGHT = 0.1;
  const ENOUGH_COMPLETE = 10; // records with all words, from which on the others are left out
  const MIN_COVERAGE = 0.45; // of the words' weight, in a record without some of them …
  const MIN_SHARE_OF_BEST = 0.5; // … or this share of what the best record covers, if that is less
  const MIN_ANSWER_COVERAGE = 0.3; // where no record covers more, nothing was found
  const BORDER = "\u007f"; // in a text: between two Thai words that are written together
  const THAI_DIGITS = new RegExp("[๐-๙]", "g");
  const THAI = "[\u0e01-\u0e2e\u0e30-\u0e3a\u0e40-\u0e45\u0e47-\u0e4e]"; // letters of words
  const LETTERS = [THAI, "[0-9]", "[a-z]"]; // no word ends between two of one kind
  const RUNS = new RegExp(`(${THAI}+)|[0-9][0-9,]*|[a-z]+`, "g");
  const DOTS = new RegExp(`(?<=${THAI})\\.`, "g"); // of abbreviations
  const SPECIAL = new RegExp("[.*+?^${}()|[\\]\\\\]", "g");
  const SPACES = new RegExp("\\s+");
  const BROKEN = new RegExp("^[\\u0e30-\\u0e3a\\u0e45\\u0e47-\\u0e4e]+"); // signs without their consonant
  const folded = (text) => text.toLowerCase().replace(THAI_DIGITS, (digit) => "๐๑๒๓๔๕๖๗๘๙".indexOf(digit));
  const bare = (text) => folded(text).replaceAll("\u0e4d\u0e32", "ำ").replaceAll("เเ", "แ").replace(DOTS, "");
  const shown = (text) => text.replaceAll(BORDER, "");
  const sum = (values) => values.reduce((total, value) => total + value, 0);

  let waiting = null;
  let words = null; // of the archive: its Thai terms, what else a term finds, stop words, question words
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
    const synonyms = new Map();
    const addSynonyms = (term, others) => synonyms.set(term, [...(synonyms.get(term) ?? []), ...others]);
    for (const group of content.synonyms.map((terms) => terms.map(bare))) {
      for (const term of group)
        addSynonyms(
          term,
          group.filter((other) => other !== term),
        );
    }
    for (const [foreign, ...thai] of content.translations) addSynonyms(bare(foreign), thai.map(bare));
    const questions = new RegExp(content.questions, "g");
    words = { terms: new Set(content.terms), stopwords: new Set(content.stopwords), synonyms, questions };
  }

  // The words of a Thai run: as few as there can be, after as few unknown letters as there can be.
  function segment(run) {
    const best = [{ cost: 0, cut: [] }];
    for (let end = 1; end <= run.length; end += 1) {
      best[end] = { cost: best[end - 1].cost + UNKNOWN, cut: joined(best[end - 1].cut, run[end - 1]) };
      for (let start = Math.max(0, end - MAX_WORD); start < end; start += 1) {
        const word = run.slice(start, end);
        const cost = best[start].cost + 1;
        if (cost < best[end].cost && isKnown(word)) best[end] = { cost, cut: [...best[start].cut, word] };
      }
    }
    return best[run.length].cut;
  }

  const isKnown = (word) => words.terms.has(word) || words.stopwords.has(word);

  // Unknown letters in a row are one word.
  function joined(cut, letter) {
    const last = cut.at(-1);
    return last && !isKnown(last) ? [...cut.slice(0, -1), last + letter] : [...cut, letter];
  }

  // The typed text without the words that only ask, which no record has.
  function withoutQuestion(typed) {
    const stripped = typed.replace(RUNS, (run, thai) => {
      if (!thai) return run;
      const cut = segment(run);
      const ends = cut.map((_word, at) => cut.slice(0, at + 1).join("").length);
      const isBorder = (place) => place === 0 || ends.includes(place);
      const asked = [...run.matchAll(words.questions)].map((found) => [found.index, found.index + found[0].length]);
      const whole = asked.filter((place) => place.every(isBorder));
      return cut.filter((_word, at) => !whole.some(([start, end]) => start < ends[at] && ends[at] <= end)).join("");
    });
    return stripped || typed;
  }

  // Matches any of the texts, however its letters are parted by spaces, dots and borders.
  function pattern(texts, { isWord }) {
    const spelled = texts.map((text) => {
      const letters = [...text].map((letter) => letter.replace(SPECIAL, "\\$&"));
      const together = letters.join(`[,.\\s${BORDER}]*`);
      const [before, after] = [text[0], text.at(-1)].map((end) => LETTERS.find((kind) => new RegExp(kind).test(end)));
      return isWord ? `${before ? `(?<!${before})` : ""}${together}${after ? `(?!${after})` : ""}` : together;
    });
    return new RegExp(spelled.join("|"), "g");
  }

  // The words of what was typed between spaces, each with those that mean the same.
  function wordsOf(typed) {
    const cut = [...typed.matchAll(RUNS)].flatMap(([run, thai]) => (thai ? segment(run) : [run.replaceAll(",", "")]));
    const same = cut.map(() => []);
    for (let start = 0; start < cut.length; start += 1) {
      for (let end = start + 1; end <= cut.length; end += 1) {
        const others = words.synonyms.get(cut.slice(start, end).join("")) ?? [];
        for (let at = start; at < end; at += 1) same[at].push(...others);
      }
    }
    return cut.map((word, at) => ({
      find: pattern([word, ...same[at]], { isWord: true }),
      isStopword: words.stopwords.has(word),
    }));
  }

  function parse(typed) {
    const chunks = bare(typed).split(SPACES).filter(Boolean).map(withoutQuestion);
    const phrase = (text) => pattern([text], { isWord: words.terms.has(text) });
    const pieces = chunks.map((chunk) => ({ phrase: phrase(chunk), words: wordsOf(chunk) }));
    return { pieces, words: pieces.flatMap((piece) => piece.words), whole: phrase(chunks.join("")) };
  }

  // Counts how often a record has each word, the title counting more, and how much of the typed text it has as typed.
  function match(record, query) {
    const title = folded(record.title);
    const texts = folded([record.day, record.body, ...record.pages.map(([, text]) => text)].join("\n"));
    const count = (text, find) => (text.match(find) ?? []).length;
    const frequency = (find) => TITLE_WEIGHT * count(title, find) + count(texts, find);
    const phrases = query.pieces.map(({ phrase }) => frequency(phrase));
    const counts = query.pieces.flatMap((piece, at) => {
      return piece.words.map(({ find }) => Math.max(frequency(find), phrases[at]));
    });
    const found = { counts, length: texts.length };
    if (!counts.some(Boolean)) return found;
    const share = phrases.filter(Boolean).length / phrases.length;
    return { ...found, record, phrases: share, whole: Number(frequency(query.whole) > 0) };
  }

  // BM25 with the boosts of the archive's own search. Returns the records worth showing, the best first.
  function rank(matches, query) {
    const average = sum(matches.map(({ length }) => length)) / matches.length;
    const weights = query.words.map(({ isStopword }, at) => {
      const found = Math.max(1, matches.filter(({ counts }) => counts[at]).length); // unseen: as rare as seen once
      return Math.log(1 + (matches.length - found + 0.5) / (found + 0.5)) * (isStopword ? STOPWORD_WEIGHT : 1);
    });
    for (const hit of matches) {
      const saturation = SATURATION * (1 - LENGTH_NORMALIZATION + (LENGTH_NORMALIZATION * hit.length) / average);
      hit.score = sum(hit.counts.map((times, at) => (weights[at] * times) / (times + saturation)));
      hit.coverage = sum(hit.counts.map((times, at) => (times ? weights[at] : 0))) / sum(weights);
      hit.isComplete = hit.counts.every((times, at) => times || query.words[at].isStopword);
    }
    const best = Math.max(...matches.map(({ score }) => score));
    const coverage = Math.max(...matches.map((hit) => hit.coverage));
    const least = coverage < MIN_ANSWER_COVERAGE ? 1 : Math.min(MIN_COVERAGE, MIN_SHARE_OF_BEST * coverage);
    const candidates = matches.filter(({ record }) => record);
    for (const hit of candidates) hit.score += best * (PHRASE_BOOST * hit.phrases + WHOLE_QUERY_BOOST * hit.whole);
    const complete = candidates.filter((hit) => hit.isComplete);
    const partial = candidates.filter((hit) => !hit.isComplete && hit.coverage >= least);
    const order = (one, other) => other.score - one.score || other.record.iso.localeCompare(one.record.iso);
    return {
      complete: complete.length,
      hits: [...complete.sort(order), ...(complete.length < ENOUGH_COMPLETE ? partial.sort(order) : [])],
    };
  }

  // The place of a record's text, or of one of its pages, that has the most of what was typed.
  function passageOf(record, query) {
    const telling = query.words.filter(({ isStopword }) => !isStopword);
    const finds = [query.whole, ...query.pieces.map(({ phrase }) => phrase), ...telling.map(({ find }) => find)];
    const parts = [[null, record.body], ...record.pages].map(([where, text]) => {
      const hits = finds.map((find) => [...folded(text).matchAll(find)][0]);
      return { where, text, hits: hits.filter(Boolean) };
    });
    const best = parts.reduce((one, other) => (other.hits.length > one.hits.length ? other : one));
    const [hit] = best.hits;
    return hit ? { ...best, at: hit.index, length: hit[0].length } : null;
  }

  function line({ record }, query) {
    const item = document.createElement("li");
    const heading = document.createElement("h3");
    const link = document.createElement("a");
    link.href = `announcements/${record.id}.html`;
    link.textContent = shown(record.title);
    heading.append(link);
    const facts = document.createElement("p");
    facts.className = "quiet";
    facts.textContent = `${record.kind} · ${record.day}${record.ended ? " · ยกเลิกแล้ว" : ""}`;
    item.append(heading, facts);
    const best = passageOf(record, query);
    if (best) item.append(passage(best));
    return item;
  }

  function passage({ where, text, at, length }) {
    const paragraph = document.createElement("p");
    paragraph.className = "passage";
    const mark = document.createElement("mark");
    mark.textContent = shown(text.slice(at, at + length));
    const before = shown(text.slice(Math.max(0, at - SNIPPET), at)).replace(BROKEN, "");
    const after = shown(text.slice(at + length, at + length + SNIPPET));
    paragraph.append(where ? `${where}: …` : "…", before, mark, after, "…");
    return paragraph;
  }

  function verdict(typed, complete, partial) {
    const [all, some] = [complete, partial].map((number) => number.toLocaleString("th"));
    if (complete && partial) return `พบ ${all} เรื่อง และเรื่องที่มีเพียงบางคำอีก ${some} เรื่อง`;
    if (complete) return `พบ ${all} เรื่อง`;
    if (partial) return `ไม่พบเรื่องที่มีครบทุกคำ เรื่องที่มีบางคำมี ${some} เรื่อง`;
    return `ไม่พบเรื่องที่ตรงกับ “${typed}” ลองพิมพ์ให้สั้นลง ใช้คำอื่น หรือเปิดดูตามปีด้านล่าง`;
  }

  async function search(typed, status, results) {
    const browse = document.querySelector("[data-copy-browse]");
    browse.hidden = typed !== "";
    results.replaceChildren();
    status.hidden = typed === "";
    if (!typed) return;
    status.textContent = "กำลังค้นหา…";
    if (!words) await loadWords();
    const query = parse(typed);
    const matches = [];
    for (let number = 0; number < shards; number += 1) {
      matches.push(...(await load(number)).map((record) => match(record, query)));
    }
    const { complete, hits } = rank(matches, query);
    status.textContent = verdict(typed, complete, hits.length - complete);
    browse.hidden = hits.length > 0;
    results.append(...hits.slice(0, MOST_RESULTS).map((hit) => line(hit, query)));
  }

  const form = document.querySelector("[data-copy-search]");
  const status = document.querySelector("[data-copy-status]");
  const results = document.querySelector("[data-copy-results]");
  form.hidden = false;
  const box = form.querySelector("input");

  // One search at a time, as the texts come through one door; the next one looks for what was sent last.
  let searching = Promise.resolve();
  function searchTyped() {
    searching = searching
      .then(() => search(kept().trim(), status, results))
      .catch(() => {
        status.textContent = "อ่านข้อมูลค้นหาไม่ได้ กรุณาคัดลอกทั้งโฟลเดอร์ใหม่";
      });
  }

  // The address keeps what was sent, so that the way back from a record leads to its results.
  const kept = () => decodeURIComponent(location.hash.slice(1));
  let sent = "";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sent = box.value;
    location.hash = encodeURIComponent(sent);
    searchTyped();
  });

  // What is being typed stays: the browser also tells of a new address that was sent from here.
  function searchAddress() {
    if (kept() === sent) return;
    box.value = sent = kept();
    searchTyped();
  }
  window.addEventListener("hashchange", searchAddress);
  searchAddress();
})();
