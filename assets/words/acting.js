// Mouse, pen, touch and keys on the words.

class WordPointer {
  constructor(view) {
    this.view = view;
    this.drag = null;
    const { text } = view;
    text.addEventListener("pointerdown", (event) => this.down(event));
    text.addEventListener("pointermove", (event) => this.move(event));
    text.addEventListener("pointerup", () => this.up());
    text.addEventListener("pointercancel", () => this.cancel());
  }

  at(event) {
    const word = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-word]");
    return word && this.view.text.contains(word) ? Number(word.dataset.word) : null;
  }

  down(event) {
    const { marking } = this.view;
    const word = this.at(event);
    if (!marking.canPaint || word === null || (event.button > 0 && event.pointerType === "mouse")) return;
    this.view.cursor.pointed(word);
    marking.remember();
    const kind = marking.states[word] === marking.kind ? "" : marking.kind;
    this.drag = { from: word, to: word, kind, before: marking.states.slice() };
    marking.put(word, kind);
    try {
      this.view.text.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is gone already: the mark then ends with the next event.
    }
  }

  move(event) {
    const word = this.drag ? this.at(event) : null;
    if (word === null || word === this.drag.to) return;
    const { from, to, kind, before } = this.drag;
    const inside = (i) => i >= Math.min(from, word) && i <= Math.max(from, word);
    for (let i = Math.min(from, to, word); i <= Math.max(from, to, word); i += 1) {
      this.view.marking.put(i, inside(i) ? kind : before[i]);
    }
    this.drag.to = word;
  }

  up() {
    if (!this.drag) return;
    this.view.cursor.pointed(this.drag.to);
    this.drag = null;
    this.view.marking.changed();
  }

  // A touch that turned out to scroll leaves no mark.
  cancel() {
    if (!this.drag) return;
    this.view.marking.states = this.view.marking.history.pop();
    this.drag = null;
    this.view.marking.showAll();
  }
}

class WordCursor {
  constructor(view) {
    this.view = view;
    this.reset();
    view.text.addEventListener("keydown", (event) => this.key(event));
    view.text.addEventListener("focus", () => this.focused());
  }

  reset() {
    this.place = 0;
    this.anchor = 0;
    this.lit = [];
  }

  pointed(word) {
    this.place = this.anchor = word;
    this.light([]);
  }

  focused() {
    if (!this.view.marking.canPaint || !this.view.text.matches(":focus-visible")) return;
    this.go(Math.min(this.place, this.view.words.length - 1), false);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.view.marking.canPaint) return;
    const act = { ...this.view.marking.keys(), ...this.moves(event), " ": () => this.mark(), Escape: () => this.leave() }[event.key];
    if (!act) return;
    act();
    event.preventDefault();
    event.stopPropagation();
  }

  moves(event) {
    const forward = this.rightToLeft() ? -1 : 1;
    const step = (by) => () => this.go(this.place + by, event.shiftKey);
    return {
      ArrowRight: step(forward),
      ArrowLeft: step(-forward),
      ArrowDown: () => this.go(this.nextLine(1), event.shiftKey),
      ArrowUp: () => this.go(this.nextLine(-1), event.shiftKey),
      Home: () => this.go(0, event.shiftKey),
      End: () => this.go(this.view.words.length - 1, event.shiftKey),
    };
  }

  // Which way a reader goes where the cursor stands: `plaintext` lets each paragraph decide, as `dir="auto"` does.
  rightToLeft() {
    return this.view.words[this.place]?.closest("p").matches(":dir(rtl)");
  }

  // The word of the next line (or the one before) that lies nearest to the cursor.
  nextLine(step) {
    const { words } = this.view;
    const here = words[this.place].getBoundingClientRect();
    const middle = (box) => (box.left + box.right) / 2;
    let [best, line] = [this.place, null];
    for (let i = this.place + step; words[i]; i += step) {
      const box = words[i].getBoundingClientRect();
      if (Math.abs(box.top - here.top) < here.height / 2) continue;
      line ??= box.top;
      if (Math.abs(box.top - line) > here.height / 2) break;
      const nearer = Math.abs(middle(box) - middle(here));
      if (best === this.place || nearer < Math.abs(middle(words[best].getBoundingClientRect()) - middle(here))) best = i;
    }
    return best;
  }

  go(place, extend) {
    if (!this.view.words[place]) return;
    this.place = place;
    if (!extend) this.anchor = place;
    const chosen = [];
    for (let i = Math.min(place, this.anchor); i <= Math.max(place, this.anchor); i += 1) chosen.push(i);
    this.light(chosen);
    this.follow();
    this.view.describe(place);
  }

  light(chosen) {
    for (const i of this.lit) this.view.words[i]?.classList.remove("tandem-chosen", "tandem-at");
    this.lit = chosen;
    for (const i of chosen) this.view.words[i].classList.add("tandem-chosen");
    if (chosen.length) this.view.words[this.place].classList.add("tandem-at");
  }

  follow() {
    const { text, words } = this.view;
    const [inner, outer] = [words[this.place].getBoundingClientRect(), text.getBoundingClientRect()];
    if (inner.top < outer.top + 8) text.scrollTop -= outer.top + 8 - inner.top;
    if (inner.bottom > outer.bottom - 8) text.scrollTop += inner.bottom - outer.bottom + 8;
  }

  mark() {
    const { marking } = this.view;
    const chosen = this.lit.length ? this.lit : [this.place];
    const kind = chosen.every((i) => marking.states[i] === marking.kind) ? "" : marking.kind;
    marking.remember();
    for (const i of chosen) marking.put(i, kind);
    marking.changed();
    this.view.describe(this.place);
  }

  leave() {
    this.light([]);
    this.view.text.blur();
  }
}
