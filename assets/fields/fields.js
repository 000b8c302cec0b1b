// A table of a case's fields: value, place among the training cases, evidence, and two toggles to mark each.

const SVG = "http://www.w3.org/2000/svg";
const SWATCHES = { ignore: "tandem-ignore", look_here: "tandem-look" };

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

// Bars of the population; those that hold this case are `here`, or a needle where the case lies between two values.
function strip({ counts, here, needle }) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("class", "tandem-strip");
  picture.setAttribute("viewBox", "0 0 100 20");
  picture.setAttribute("preserveAspectRatio", "none");
  picture.setAttribute("aria-hidden", "true");
  const most = Math.max(...counts, 1);
  const width = 100 / counts.length;
  const bar = (x, y, wide, high, className) => {
    const box = document.createElementNS(SVG, "rect");
    for (const [name, value] of Object.entries({ x, y, width: wide, height: high })) box.setAttribute(name, value);
    if (className) box.setAttribute("class", className);
    picture.append(box);
  };
  counts.forEach((count, i) => {
    const high = count ? Math.max(1.2, (18 * count) / most) : 0;
    bar(i * width, 20 - high, Math.max(0.6, width - 0.7), high, i === here ? "tandem-here" : "");
  });
  if (needle !== null) bar(Math.min(98.2, Math.max(0, 100 * needle - 0.9)), 0, 1.8, 20, "tandem-here");
  return picture;
}

class FieldTable {
  constructor(root) {
    this.root = root;
    this.marking = new Marking(root, {
      show: (i) => this.showMark(i),
      send: () => this.tell(),
      refresh: () => this.refresh(),
    });
    this.rows = [];
    this.marking.find("rows").addEventListener("keydown", (event) => this.key(event));
  }

  update(component) {
    const { data } = component;
    this.send = component.setStateValue;
    const fresh = JSON.stringify(data.rows);
    const opened = data.opening !== this.opening;
    if (fresh !== this.drawn) this.render(data.rows);
    if (opened) this.opening = data.opening;
    if (opened) this.marking.load(data.rows.map((row) => KINDS.find((kind) => data.marks[kind].includes(row.name)) ?? ""));
    else if (fresh !== this.drawn) this.marking.showAll();
    this.drawn = fresh;
    this.marking.find("title").textContent = data.title;
    this.marking.find("rows").setAttribute("aria-label", data.description);
    this.root.classList.toggle("tandem-compact", data.compact);
    this.showEvidence(data.pulls);
    this.marking.canPaint = data.paint;
    this.marking.draw();
  }

  render(rows) {
    this.names = rows.map((row) => row.name);
    this.rows = rows.map((row, i) => this.row(row, i));
    this.marking.find("body").replaceChildren(...this.rows.map((row) => row.line));
    this.marking.find("among").classList.toggle("tandem-unseen", !rows.some((row) => row.strip));
  }

  row(row, i) {
    const line = make("tr");
    line.dataset.field = row.name;
    const title = make("th", "", row.title);
    title.scope = "row";
    title.dir = "auto";
    const value = make("td", "tandem-value");
    value.append(row.value === null ? make("span", "tandem-missing", "missing") : make("bdi", "", row.value));
    if (row.unit && row.value !== null) value.append(make("span", "tandem-unit", ` ${row.unit}`));
    const place = make("td");
    if (row.strip) place.append(strip(row.strip));
    const words = make("span", "tandem-place", row.place);
    if (row.place_title) words.title = row.place_title;
    place.append(words);
    const evidence = make("td");
    const toggles = make("td");
    const pair = make("span", "tandem-toggles");
    const buttons = KINDS.map((kind) => this.toggle(kind, row, i));
    pair.append(...buttons);
    toggles.append(pair);
    line.append(title, value, place, evidence, toggles);
    return { line, evidence, buttons };
  }

  toggle(kind, row, i) {
    const button = make("button");
    button.type = "button";
    button.setAttribute("aria-label", `${KIND_WORDS[kind]}: ${row.title}`);
    button.title = KIND_WORDS[kind];
    const swatch = make("span", `tandem-swatch ${SWATCHES[kind]}`);
    swatch.setAttribute("aria-hidden", "true");
    button.append(swatch);
    button.addEventListener("click", () => this.marking.toggle(i, kind));
    return button;
  }

  showMark(i) {
    const kind = this.marking.states[i];
    const { line, buttons } = this.rows[i];
    if (kind) line.dataset.mark = kind;
    else delete line.dataset.mark;
    buttons.forEach((button, place) => button.setAttribute("aria-pressed", String(KINDS[place] === kind)));
  }

  showEvidence(pulls) {
    const same = JSON.stringify([pulls, this.drawn]);
    if (same === this.pulled) return;
    if (pulls && this.pulls !== JSON.stringify(pulls)) this.marking.plain = false;
    [this.pulled, this.pulls] = [same, JSON.stringify(pulls)];
    this.marking.find("pull").textContent = pulls ? "pull on the answer" : "";
    this.rows.forEach(({ evidence }, i) => {
      const pull = pulls?.[this.names[i]];
      evidence.replaceChildren(...(pull ? [this.pull(pull)] : []));
    });
  }

  pull({ value, size, words, title }) {
    const cell = make("span", "tandem-evidence");
    const track = make("span", "tandem-pull");
    track.setAttribute("aria-hidden", "true");
    const bar = make("span", value < 0 ? "tandem-down" : "tandem-up");
    bar.style.width = `${50 * size}%`;
    track.append(bar);
    const number = make("span", "tandem-place", words);
    number.title = title;
    cell.append(track, number);
    return cell;
  }

  // Arrows go from row to row and between the two toggles; the first press enters the table.
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.marking.canPaint) return;
    const buttons = this.rows.map((row) => row.buttons);
    const at = buttons.findIndex((pair) => pair.includes(document.activeElement));
    const side = at < 0 ? KINDS.indexOf(this.marking.kind) : buttons[at].indexOf(document.activeElement);
    const go = (row, column) => buttons[row]?.[column]?.focus();
    const acts = {
      ...this.marking.keys(),
      ArrowDown: () => go(at + 1, side),
      ArrowUp: () => go(at < 0 ? buttons.length - 1 : at - 1, side),
      ArrowLeft: () => go(at, 0),
      ArrowRight: () => go(at, 1),
      Escape: () => document.activeElement.blur(),
    };
    const act = acts[event.key];
    if (!act) return;
    act();
    event.preventDefault();
    event.stopPropagation();
  }

  tell() {
    const value = { opening: this.opening };
    for (const kind of KINDS) value[kind] = this.names.filter((_, i) => this.marking.states[i] === kind);
    this.send("marks", value);
  }

  // The toggle of the chosen kind is the row's own; the other one is one step to its side.
  refresh() {
    const { marking } = this;
    this.rows.forEach(({ buttons }, i) => {
      buttons.forEach((button, place) => {
        button.disabled = !marking.canPaint;
        const chosen = KINDS[place] === marking.kind;
        button.dataset.testid = `${chosen ? "field-mark" : "field-other"}-${this.names[i]}`;
        button.toggleAttribute("data-tandem-marks", chosen && i === 0);
      });
    });
    marking.find("share").textContent = marking.sentence("field", "fields", "a click on a row's box");
    marking.find("plain").disabled = !this.root.querySelector(".tandem-evidence");
  }
}

export default function (component) {
  const root = component.parentElement.querySelector(".tandem-fields");
  root.tandemFields ??= new FieldTable(root);
  root.tandemFields.update(component);
}
