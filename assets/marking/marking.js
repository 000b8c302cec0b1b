// Marks on whole things, words or fields: each is free, to be ignored or to be looked at; with toolbar and history.

const KINDS = ["ignore", "look_here"];
const KIND_WORDS = { ignore: "ignore this", look_here: "look here" };
const MOST_STEPS = 200;

class Marking {
  // `show(i)` draws the mark of item i anew; `send(marking)` tells the page; `refresh()` draws what depends on all.
  constructor(root, { show, send, refresh }) {
    Object.assign(this, { root, show, send, refresh, kind: "ignore", states: [], history: [], canPaint: false });
    for (const button of root.querySelectorAll("[data-tandem-kind]")) {
      button.addEventListener("click", () => this.choose(button.dataset.tandemKind));
    }
    this.on("undo", () => this.undo());
    this.on("clear", () => this.clear());
    this.plain = false;
    this.on("plain", () => {
      this.plain = !this.plain;
      this.draw();
    });
  }

  find(name) {
    return this.root.querySelector(`[data-tandem="${name}"]`);
  }

  on(name, act) {
    this.find(name)?.addEventListener("click", act);
  }

  choose(kind) {
    this.kind = kind;
    this.draw();
  }

  load(states) {
    this.states = states;
    this.history = [];
    this.showAll();
  }

  remember() {
    this.history.push(this.states.slice());
    if (this.history.length > MOST_STEPS) this.history.shift();
  }

  put(item, kind) {
    if (this.states[item] === kind) return;
    this.states[item] = kind;
    this.show(item);
  }

  toggle(item, kind = this.kind) {
    this.remember();
    this.put(item, this.states[item] === kind ? "" : kind);
    this.changed();
  }

  undo() {
    const before = this.history.pop();
    if (!before) return;
    this.states = before;
    this.showAll();
    this.changed();
  }

  clear() {
    if (!this.states.includes(this.kind)) return;
    this.remember();
    this.states.forEach((state, item) => {
      if (state === this.kind) this.put(item, "");
    });
    this.changed();
  }

  showAll() {
    for (let item = 0; item < this.states.length; item += 1) this.show(item);
  }

  changed() {
    this.send();
    this.draw();
  }

  count(kind) {
    return this.states.filter((state) => state === kind).length;
  }

  sentence(one, many, how) {
    if (!this.canPaint) return "";
    const parts = KINDS.filter((kind) => this.count(kind)).map((kind) => {
      const count = this.count(kind);
      return `${count} ${count === 1 ? one : many}: ${KIND_WORDS[kind]}`;
    });
    return parts.length ? `marked ${parts.join(" · ")}` : `nothing marked · ${how}: ${KIND_WORDS[this.kind]}`;
  }

  keys() {
    return {
      i: () => this.choose("ignore"),
      k: () => this.choose("look_here"),
      z: () => this.undo(),
      Delete: () => this.clear(),
    };
  }

  draw() {
    for (const name of ["tandem-can-paint", "st-key-mask_painter"]) this.root.classList.toggle(name, this.canPaint);
    for (const button of this.root.querySelectorAll("[data-tandem-kind]")) {
      button.setAttribute("aria-checked", String(button.dataset.tandemKind === this.kind));
    }
    for (const control of this.root.querySelectorAll("[data-paint] button")) control.disabled = !this.canPaint;
    this.find("plain")?.setAttribute("aria-pressed", String(this.plain));
    this.root.classList.toggle("tandem-plain", this.plain);
    this.refresh();
  }
}
