// A text whose words can be marked. All places are code points of the stored text, never UTF-16 units.

const FAINT = 0.03;
const STRONG = 0.3;
const PARAGRAPH = /(?:\r?\n[^\S\n]*){2,}/;
const CUT = "the model reads to here";

// The places at which the text may be cut without splitting what people see as one sign.
function signStarts(text) {
  const starts = new Set([0]);
  let at = 0;
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text)) {
    at += Array.from(segment).length;
    starts.add(at);
  }
  return starts;
}

// Spans joined where a sign would be split between them: a flag, a family, a letter with its marks.
function wholeSigns(spans, text) {
  if (/^[\x00-\x7f]*$/.test(text) || !globalThis.Intl?.Segmenter) return spans.map((span) => [...span]);
  const starts = signStarts(text);
  const units = [];
  for (let [start, end] of spans) {
    while (!starts.has(start)) start -= 1;
    while (!starts.has(end)) end += 1;
    const last = units.at(-1);
    if (last && start < last[1]) last[1] = Math.max(last[1], end);
    else units.push([start, end]);
  }
  return units;
}

function overlapping(units, start, end) {
  const found = [];
  for (let i = firstAfter(units, start); i < units.length && units[i][0] < end; i += 1) found.push(i);
  return found;
}

// The first unit that ends after a place.
function firstAfter(units, place) {
  let [low, high] = [0, units.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (units[middle][1] > place) high = middle;
    else low = middle + 1;
  }
  return low;
}

class WordText {
  constructor(root) {
    this.root = root;
    this.marking = new Marking(root, {
      show: (i) => this.showMark(i),
      send: () => this.tell(),
      refresh: () => this.refresh(),
    });
    this.text = this.marking.find("text");
    this.words = [];
    this.units = [];
    this.values = [];
    this.pointer = new WordPointer(this);
    this.cursor = new WordCursor(this);
  }

  update(component) {
    const { data } = component;
    this.send = component.setStateValue;
    const fresh = JSON.stringify([data.text, data.spans, data.read_until]);
    if (fresh !== this.drawn) this.render(data);
    if (fresh !== this.drawn || data.opening !== this.opening) this.reload(data);
    this.drawn = fresh;
    this.marking.find("title").textContent = data.title;
    this.text.setAttribute("aria-label", data.description);
    this.root.classList.toggle("tandem-compact", data.compact);
    this.showHeat(data.heat ?? [], data.signed);
    this.marking.canPaint = data.paint && this.units.length > 0;
    this.text.dataset.testid = this.marking.canPaint ? "text-marks" : "viewer-text";
    this.marking.draw();
  }

  render({ text, spans, read_until: until }) {
    const points = Array.from(text ?? "");
    this.units = text ? wholeSigns(spans, text) : [];
    this.points = points;
    this.text.classList.toggle("tandem-empty", text === null);
    this.text.replaceChildren();
    this.text.scrollTop = 0;
    this.paragraph = null;
    this.cursor.reset();
    this.words = [];
    if (text === null) {
      this.line().textContent = "This case has no text here. The model answers without it.";
      return;
    }
    let at = 0;
    for (const [start, end] of this.units) {
      this.gap(points.slice(at, start).join(""));
      this.word(points.slice(start, end).join(""), until !== null && start >= until);
      at = end;
    }
    this.gap(points.slice(at).join(""));
  }

  line() {
    this.paragraph = document.createElement("p");
    this.paragraph.dir = "auto";
    this.text.append(this.paragraph);
    return this.paragraph;
  }

  gap(between) {
    between.split(PARAGRAPH).forEach((part, i) => {
      if (i > 0) this.paragraph = null;
      if (part) (this.paragraph ?? this.line()).append(part);
    });
  }

  word(letters, unread) {
    const paragraph = this.paragraph ?? this.line();
    if (unread && !this.text.querySelector(".tandem-cut")) {
      const cut = document.createElement("span");
      cut.className = "tandem-cut";
      cut.textContent = CUT;
      paragraph.append(cut);
    }
    const word = document.createElement("span");
    word.textContent = letters;
    word.dataset.word = this.words.length;
    word.classList.toggle("tandem-unread", unread);
    this.words.push(word);
    paragraph.append(word);
  }

  reload(data) {
    const states = new Array(this.units.length).fill("");
    for (const kind of KINDS) {
      for (const [start, end] of data.marks[kind]) for (const i of overlapping(this.units, start, end)) states[i] = kind;
    }
    this.marking.load(states);
    this.opening = data.opening;
  }

  showMark(i) {
    const kind = this.marking.states[i];
    if (kind) this.words[i].dataset.mark = kind;
    else delete this.words[i].dataset.mark;
  }

  showHeat(heat, signed) {
    const same = JSON.stringify(heat);
    if (same === this.heated && this.heatedWords === this.words) return;
    [this.heated, this.heatedWords] = [same, this.words];
    this.marking.plain = false;
    this.values = new Array(this.units.length).fill(heat.length ? 0 : null);
    for (const [start, end, value] of heat) {
      const [first] = overlapping(this.units, start, end);
      if (first !== undefined) this.values[first] += value;
    }
    const scale = this.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
    this.words.forEach((word, i) => this.colour(word, this.values[i], scale, signed));
  }

  colour(word, value, scale, signed) {
    const strength = Math.abs(value ?? 0) / scale;
    word.classList.toggle("tandem-for", strength > FAINT && value > 0);
    word.classList.toggle("tandem-against", strength > FAINT && value < 0);
    word.classList.toggle("tandem-strong", strength > STRONG);
    word.style.setProperty("--heat", strength.toFixed(3));
    if (value === null) word.removeAttribute("title");
    else word.title = this.pull(value, signed);
  }

  pull(value, signed = true) {
    const size = Math.abs(value).toPrecision(2);
    return signed ? `${value < 0 ? "against" : "for"} ${size}` : `weight ${size}`;
  }

  // Neighbouring words of one kind come back as one span.
  tell() {
    const value = { opening: this.opening, ignore: [], look_here: [] };
    let before = "";
    this.marking.states.forEach((kind, i) => {
      const [start, end] = this.units[i];
      if (kind && kind === before) value[kind].at(-1)[1] = end;
      else if (kind) value[kind].push([start, end]);
      before = kind;
    });
    this.send("marks", value);
  }

  refresh() {
    this.marking.find("share").textContent = this.marking.sentence("word", "words", "click or drag over words");
    this.marking.find("plain").disabled = !this.values.some((value) => value !== null);
  }

  describe(i) {
    const [start, end] = this.units[i];
    const parts = [`word ${i + 1} of ${this.units.length}: ${this.points.slice(start, end).join("")}`];
    if (this.marking.states[i]) parts.push(KIND_WORDS[this.marking.states[i]]);
    if (this.values[i] !== null) parts.push(this.pull(this.values[i]));
    this.marking.find("cursor").textContent = parts.join(", ");
  }
}

export default function (component) {
  const root = component.parentElement.querySelector(".tandem-words");
  root.tandemWords ??= new WordText(root);
  root.tandemWords.update(component);
}
