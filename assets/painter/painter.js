// The component: binds controls, view, layers and tools to the data that the page sends.

const WORDS = { ignore: "ignore this", look_here: "look here" };

class Painter {
  constructor(root) {
    this.root = root;
    this.canvas = this.find("canvas");
    this.stage = this.find("stage");
    this.view = new View(this.canvas, this.stage);
    this.tools = new Tools(this);
    this.layers = new Layers(1, 1);
    this.canPaint = false;
    this.opening = null;
    this.frame = null;
    this.bind();
    this.observer = new ResizeObserver(() => this.layout());
    this.observer.observe(this.stage);
  }

  find(name) {
    return this.root.querySelector(`[data-tandem="${name}"]`);
  }

  all(name) {
    return [...this.root.querySelectorAll(`[data-tandem-${name}]`)];
  }

  on(name, act) {
    this.find(name).addEventListener("click", () => {
      act();
      this.refresh();
    });
  }

  bind() {
    for (const button of this.all("tool")) button.addEventListener("click", () => this.choose("tool", button));
    for (const button of this.all("kind")) button.addEventListener("click", () => this.choose("kind", button));
    this.on("smaller", () => this.tools.resize(-1));
    this.on("larger", () => this.tools.resize(1));
    this.on("undo", () => this.undo());
    this.on("clear", () => this.clear());
    this.on("zoom-in", () => this.view.zoomBy(1.25));
    this.on("zoom-out", () => this.view.zoomBy(0.8));
    this.on("fit", () => this.fitAll());
    this.on("plain", () => {
      this.view.plain = !this.view.plain;
    });
    this.slide("opacity", (value) => {
      this.view.opacity = value / 100;
    });
    for (const name of ["window", "level"]) {
      this.slide(name, (value) => {
        this.view[name] = value;
        this.view.adjust();
      });
    }
  }

  choose(what, button) {
    this.tools[what] = button.getAttribute(`data-tandem-${what}`);
    this.refresh();
  }

  slide(name, act) {
    this.find(name).addEventListener("input", (event) => {
      act(Number(event.target.value));
      this.draw();
    });
  }

  async update(component) {
    this.send = component.setStateValue;
    const { data } = component;
    this.waiting = data;
    const fresh = data.image !== this.image;
    if (fresh) {
      await this.view.setPicture(data.image, data.width, data.height);
      if (this.waiting !== data) return;
      this.image = data.image;
      Object.assign(this.view, { zoom: 1, origin: { x: 0, y: 0 } });
      this.tools.size = this.tools.smallest();
      this.tools.cursor = null;
    }
    if (data.heat !== this.heat) {
      await this.view.setHeat(data.heat);
      if (this.waiting !== data) return;
      this.heat = data.heat;
      this.view.plain = false;
    }
    if (fresh || data.opening !== this.opening) await this.reload(data);
    if (this.waiting !== data) return;
    this.warning = data.warning;
    this.canPaint = data.paint;
    this.only = data.only;
    if (this.only) this.tools.kind = "ignore";
    this.root.style.setProperty("--tandem-below", data.below);
    this.canvas.dataset.testid = data.paint ? "mask-canvas" : "viewer-canvas";
    this.canvas.setAttribute("aria-label", data.description);
    this.layout();
    this.refresh();
  }

  async reload(data) {
    const layers = new Layers(this.view.size.width, this.view.size.height);
    await Promise.all(KINDS.flatMap((kind) => data.marks[kind].map((url) => layers.load(kind, url))));
    this.layers = layers;
    this.opening = data.opening;
    this.tools.stroke = null;
  }

  layout() {
    this.view.fit();
    this.draw();
  }

  fitAll() {
    this.view.zoom = 1;
    this.view.moveTo(0, 0);
  }

  undo() {
    if (this.layers.undo()) this.changed();
  }

  clear() {
    if (!this.layers.marked(this.tools.kind)) return;
    this.layers.remember();
    this.layers.clear(this.tools.kind);
    this.changed();
  }

  changed() {
    const value = { opening: this.opening, share: this.layers.share() };
    for (const kind of KINDS) value[kind] = this.layers.encode(kind);
    this.send("marks", value);
    this.refresh();
  }

  refresh() {
    for (const name of ["tandem-can-paint", "st-key-mask_painter"]) this.root.classList.toggle(name, this.canPaint);
    for (const button of this.all("tool")) this.press(button, button.dataset.tandemTool === this.tools.tool);
    for (const button of this.all("kind")) {
      button.setAttribute("aria-checked", String(button.dataset.tandemKind === this.tools.kind));
    }
    for (const control of this.root.querySelectorAll("[data-paint] button")) control.disabled = !this.canPaint;
    this.root.querySelector("[role=radiogroup]").hidden = Boolean(this.only);
    this.press(this.find("plain"), this.view.plain);
    this.find("opacity").disabled = !this.view.heat;
    this.find("greys").hidden = !this.view.grey;
    this.find("size").textContent = `${this.tools.size} px`;
    this.find("share").textContent = this.sentence();
    this.find("share").classList.toggle("tandem-warning", this.large());
    this.draw();
  }

  press(button, on) {
    button.setAttribute("aria-pressed", String(on));
  }

  large() {
    return this.canPaint && this.layers.share() > this.warning;
  }

  sentence() {
    if (!this.canPaint) return "";
    const share = 100 * this.layers.share();
    if (share === 0) return `nothing marked · next stroke: ${this.only || WORDS[this.tools.kind]}`;
    const words = `marked ${share < 10 ? share.toFixed(1) : share.toFixed(0)} % of the image`;
    return this.large() ? `${words} · ⚠ large marks teach badly: keep to what the model should not use` : words;
  }

  sayCursor() {
    const { x, y } = this.tools.cursor;
    this.find("cursor").textContent = `column ${Math.floor(x) + 1}, row ${Math.floor(y) + 1}`;
  }

  draw() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      this.view.draw(this.layers, (context, scale) => this.tools.overlay(context, scale));
    });
  }
}

export default function (component) {
  const root = component.parentElement.querySelector(".tandem-painter");
  root.tandemPainter ??= new Painter(root);
  const painter = root.tandemPainter;
  painter.update(component).catch((error) => {
    painter.find("share").textContent = error.message;
  });
  return () => painter.observer.disconnect();
}
