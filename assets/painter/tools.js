// Mouse, pen, touch and keys on the picture.

const STEP = { brush: 1, eraser: 0, rectangle: 1 };

class Tools {
  constructor(painter) {
    this.painter = painter;
    this.tool = "brush";
    this.kind = "ignore";
    this.size = 1;
    this.cursor = null;
    this.hover = null;
    this.stroke = null;
    this.space = false;
    this.pointers = new Map();
    const { canvas } = painter;
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => this.up(event));
    canvas.addEventListener("pointerleave", () => this.leave());
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("keyup", (event) => this.keyUp(event));
    canvas.addEventListener("blur", () => this.blur());
    canvas.addEventListener("focus", () => this.focused());
  }

  get view() {
    return this.painter.view;
  }

  get panning() {
    return this.space || !this.painter.canPaint;
  }

  // A small brush: marks that are too large are the worst feedback error.
  smallest() {
    const { width, height } = this.view.size;
    return Math.max(1, Math.round(Math.sqrt(Math.min(width, height)) / 2.5));
  }

  down(event) {
    if (event.button > 0 && event.pointerType === "mouse") return;
    event.preventDefault();
    this.pointing = true;
    this.painter.canvas.focus({ preventScroll: true });
    this.pointing = false;
    try {
      this.painter.canvas.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is gone already: the stroke then ends with the next event.
    }
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const point = this.view.toPicture(event.clientX, event.clientY);
    this.cursor = null;
    if (this.pointers.size > 1) {
      this.cancelStroke();
      return;
    }
    if (this.panning) {
      this.stroke = { pan: { ...this.view.origin }, x: event.clientX, y: event.clientY };
      return;
    }
    this.begin(point);
  }

  begin(point) {
    this.painter.layers.remember();
    this.stroke = { from: point, last: point };
    if (this.tool !== "rectangle") this.painter.layers.disc(this.kind, point.x, point.y, this.size, STEP[this.tool]);
    this.painter.draw();
  }

  cancelStroke() {
    if (this.stroke?.from) this.painter.layers.undo();
    this.stroke = null;
    this.painter.draw();
  }

  move(event) {
    const point = this.view.toPicture(event.clientX, event.clientY);
    this.hover = event.pointerType === "touch" ? null : point;
    if (this.pointers.size > 1 && this.pointers.has(event.pointerId)) {
      this.pinch(event);
    } else if (this.stroke?.pan) {
      const box = this.painter.canvas.getBoundingClientRect();
      const scale = this.view.shown.width / box.width;
      this.view.moveTo(
        this.stroke.pan.x - (event.clientX - this.stroke.x) * scale,
        this.stroke.pan.y - (event.clientY - this.stroke.y) * scale,
      );
    } else if (this.stroke) {
      this.drag(event, point);
    }
    this.painter.draw();
  }

  drag(event, point) {
    if (this.tool === "rectangle") {
      this.stroke.last = point;
      return;
    }
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const one of passed.length ? passed : [event]) {
      const next = this.view.toPicture(one.clientX, one.clientY);
      this.painter.layers.line(this.kind, this.stroke.last, next, this.size, STEP[this.tool]);
      this.stroke.last = next;
    }
  }

  pinch(event) {
    const before = [...this.pointers.values()];
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const after = [...this.pointers.values()];
    const spread = ([a, b]) => Math.max(1, Math.hypot(a.x - b.x, a.y - b.y));
    const middle = ([a, b]) => this.view.toPicture((a.x + b.x) / 2, (a.y + b.y) / 2);
    const from = middle(before);
    this.view.zoomBy(spread(after) / spread(before), from);
    const to = middle(after);
    this.view.moveTo(this.view.origin.x + from.x - to.x, this.view.origin.y + from.y - to.y);
  }

  up(event) {
    this.pointers.delete(event.pointerId);
    const stroke = this.stroke;
    this.stroke = null;
    if (!stroke?.from) return;
    if (this.tool === "rectangle") this.painter.layers.rectangle(this.kind, stroke.from, stroke.last, 1);
    this.painter.changed();
  }

  leave() {
    this.hover = null;
    this.painter.draw();
  }

  wheel(event) {
    event.preventDefault();
    this.view.zoomBy(event.deltaY < 0 ? 1.2 : 1 / 1.2, this.view.toPicture(event.clientX, event.clientY));
    this.painter.draw();
  }

  resize(step) {
    const larger = step > 0 ? Math.max(this.size + 1, Math.round(this.size * 1.25)) : Math.round(this.size / 1.25);
    const least = Math.min(this.size - 1, larger);
    const { width, height } = this.view.size;
    this.size = Math.max(1, Math.min(Math.ceil(Math.min(width, height) / 2), step > 0 ? larger : least));
    this.painter.refresh();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      if (event.key.toLowerCase() !== "z" || event.altKey) return;
    }
    if (this.act(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  act(event) {
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (arrows[event.key]) return this.arrow(arrows[event.key], event.shiftKey ? 10 : 1);
    const acts = { "+": () => this.view.zoomBy(1.25), "=": () => this.view.zoomBy(1.25), "-": () => this.view.zoomBy(0.8) };
    acts.Home = () => this.painter.fitAll();
    if (this.painter.canPaint) Object.assign(acts, this.paintKeys(event));
    const act = acts[event.key];
    if (!act) return false;
    act();
    this.painter.refresh();
    return true;
  }

  paintKeys(event) {
    return {
      b: () => { this.tool = "brush"; },
      x: () => { this.tool = "eraser"; },
      t: () => { this.tool = "rectangle"; },
      i: () => { this.kind = "ignore"; },
      k: () => { if (!this.painter.only) this.kind = "look_here"; },
      "[": () => this.resize(-1),
      "]": () => this.resize(1),
      z: () => this.painter.undo(),
      Delete: () => this.painter.clear(),
      ...(this.cursor ? { Enter: () => this.press(event.repeat) } : {}),
      " ": () => { if (!event.repeat) this.space = true; },
      Escape: () => (this.stroke ? this.cancelStroke() : this.painter.canvas.blur()),
    };
  }

  arrow([across, down], step) {
    if (!this.painter.canPaint) {
      const pixels = Math.max(1, Math.round(this.view.shown.width / 20));
      this.view.moveTo(this.view.origin.x + across * pixels, this.view.origin.y + down * pixels);
      this.painter.draw();
      return true;
    }
    const { width, height } = this.view.size;
    const before = this.cursor ?? this.middle();
    const inside = (value, most) => Math.min(most - 0.5, Math.max(0.5, value));
    this.cursor = { x: inside(before.x + across * step, width), y: inside(before.y + down * step, height) };
    if (this.stroke?.keyboard) this.stroke.last = this.cursor;
    this.follow();
    this.painter.sayCursor();
    this.painter.draw();
    return true;
  }

  middle() {
    const { origin, shown } = this.view;
    return { x: Math.floor(origin.x + shown.width / 2) + 0.5, y: Math.floor(origin.y + shown.height / 2) + 0.5 };
  }

  follow() {
    const { origin, shown } = this.view;
    const outside = this.cursor.x < origin.x || this.cursor.y < origin.y
      || this.cursor.x > origin.x + shown.width || this.cursor.y > origin.y + shown.height;
    if (outside) this.view.moveTo(this.cursor.x - shown.width / 2, this.cursor.y - shown.height / 2);
  }

  // Paint where the cursor is; the rectangle takes two presses, one at each corner.
  press(repeated) {
    const { layers } = this.painter;
    if (this.tool !== "rectangle") {
      if (!repeated) layers.remember();
      layers.disc(this.kind, this.cursor.x, this.cursor.y, this.size, STEP[this.tool]);
      this.painter.changed();
    } else if (this.stroke?.keyboard) {
      const { from } = this.stroke;
      this.stroke = null;
      layers.rectangle(this.kind, from, this.cursor, 1);
      this.painter.changed();
    } else if (!repeated) {
      layers.remember();
      this.stroke = { from: this.cursor, last: this.cursor, keyboard: true };
      this.painter.draw();
    }
  }

  keyUp(event) {
    if (event.key !== " ") return;
    const panned = this.stroke?.pan;
    this.space = false;
    event.preventDefault();
    event.stopPropagation();
    if (!panned && this.painter.canPaint && this.cursor) this.press(false);
    this.painter.draw();
  }

  // The keyboard's cursor shows when the keyboard brought the focus; a click hides it, so that Enter saves again.
  focused() {
    if (!this.pointing && this.painter.canPaint) this.cursor ??= this.middle();
    this.painter.draw();
  }

  blur() {
    this.space = false;
    this.cursor = null;
    if (this.stroke?.keyboard) this.cancelStroke();
    this.painter.draw();
  }

  // What the picture shows on top: the rectangle being drawn, the brush, the keyboard's cursor.
  overlay(context, scale) {
    const { origin } = this.view;
    const at = (point) => [(point.x - origin.x) * scale, (point.y - origin.y) * scale];
    const outline = (path) => {
      for (const [colour, width] of [["rgba(0, 0, 0, 0.85)", 3], ["rgba(255, 255, 255, 0.95)", 1.2]]) {
        context.strokeStyle = colour;
        context.lineWidth = width * this.view.ratio;
        context.beginPath();
        path();
        context.stroke();
      }
    };
    if (this.stroke?.from && this.tool === "rectangle") {
      const [left, top] = at(this.stroke.from);
      const [right, bottom] = at(this.stroke.last);
      outline(() => context.rect(left, top, right - left, bottom - top));
    }
    const point = this.cursor && document.activeElement === this.painter.canvas ? this.cursor : this.hover;
    if (!point || !this.painter.canPaint || this.space) return;
    const [x, y] = at(point);
    const reach = 6 * this.view.ratio;
    outline(() => context.arc(x, y, Math.max(2, (this.size / 2) * scale), 0, 2 * Math.PI));
    if (point === this.cursor) {
      outline(() => {
        context.moveTo(x - reach, y);
        context.lineTo(x + reach, y);
        context.moveTo(x, y - reach);
        context.lineTo(x, y + reach);
      });
    }
  }
}
