// The view: fits the picture into the stage, zooms, adjusts window and level, draws overlays and marks.

const TINY = 128;
const LARGEST_ZOOM = 32;
const INK = {
  ignore: { fill: "rgba(200, 30, 140, 0.5)", line: "rgba(255, 190, 235, 0.95)", dark: "rgba(50, 0, 35, 0.9)", slope: 1 },
  look_here: { fill: "rgba(95, 175, 20, 0.5)", line: "rgba(225, 255, 180, 0.95)", dark: "rgba(15, 45, 0, 0.9)", slope: -1 },
};

function hatch(kind, ratio) {
  const side = Math.max(6, Math.round(8 * ratio));
  const tile = blankCanvas(side, side);
  const context = tile.getContext("2d");
  context.fillStyle = INK[kind].fill;
  context.fillRect(0, 0, side, side);
  context.lineWidth = Math.max(1, ratio);
  for (const [colour, shift] of [[INK[kind].dark, 0], [INK[kind].line, 1.4 * ratio]]) {
    context.strokeStyle = colour;
    context.beginPath();
    for (const offset of [-side, 0, side]) {
      context.moveTo(offset + shift, INK[kind].slope > 0 ? side : 0);
      context.lineTo(offset + side + shift, INK[kind].slope > 0 ? 0 : side);
    }
    context.stroke();
  }
  return tile;
}

class View {
  constructor(canvas, stage) {
    this.canvas = canvas;
    this.stage = stage;
    this.zoom = 1;
    this.origin = { x: 0, y: 0 };
    this.opacity = 0.6;
    this.plain = false;
    this.window = 255;
    this.level = 128;
    this.size = { width: 1, height: 1 };
    this.picture = null;
    this.heat = null;
  }

  async setPicture(url, width, height) {
    const image = await loadImage(url);
    this.size = { width: width || image.naturalWidth, height: height || image.naturalHeight };
    const source = blankCanvas(this.size.width, this.size.height);
    source.getContext("2d", { willReadFrequently: true }).drawImage(image, 0, 0, this.size.width, this.size.height);
    this.source = source;
    this.grey = Math.max(this.size.width, this.size.height) > TINY && this.looksGrey();
    this.adjust();
  }

  looksGrey() {
    const { width, height } = this.size;
    const { data } = this.source.getContext("2d").getImageData(0, Math.floor(height / 2), width, 1);
    for (let i = 0; i < data.length; i += 4) {
      if (Math.abs(data[i] - data[i + 1]) > 6 || Math.abs(data[i] - data[i + 2]) > 6) return false;
    }
    return true;
  }

  // Window and level as on a radiograph: `window` grey values around `level` fill the whole scale.
  adjust() {
    const { width, height } = this.size;
    if (!this.grey || (this.window === 255 && this.level === 128)) {
      this.picture = this.source;
      return;
    }
    const low = this.level - this.window / 2;
    const scale = Uint8ClampedArray.from({ length: 256 }, (_, value) => ((value - low) * 255) / this.window);
    const shown = blankCanvas(width, height);
    const pixels = this.source.getContext("2d").getImageData(0, 0, width, height);
    for (let i = 0; i < pixels.data.length; i += 4) {
      for (let channel = 0; channel < 3; channel += 1) pixels.data[i + channel] = scale[pixels.data[i + channel]];
    }
    shown.getContext("2d").putImageData(pixels, 0, 0);
    this.picture = shown;
  }

  async setHeat(url) {
    this.heat = url ? await loadImage(url) : null;
  }

  // The canvas covers exactly the picture at zoom 1; tiny pictures grow by whole numbers to stay crisp.
  fit() {
    const box = this.stage.getBoundingClientRect();
    if (!box.width || !box.height) return;
    let scale = Math.min(box.width / this.size.width, box.height / this.size.height);
    if (Math.max(this.size.width, this.size.height) <= TINY && scale >= 2) scale = Math.floor(scale);
    this.ratio = window.devicePixelRatio || 1;
    const [width, height] = [this.size.width * scale, this.size.height * scale];
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.canvas.width = Math.max(1, Math.round(width * this.ratio));
    this.canvas.height = Math.max(1, Math.round(height * this.ratio));
  }

  get shown() {
    return { width: this.size.width / this.zoom, height: this.size.height / this.zoom };
  }

  toPicture(clientX, clientY) {
    const box = this.canvas.getBoundingClientRect();
    return {
      x: this.origin.x + ((clientX - box.left) / box.width) * this.shown.width,
      y: this.origin.y + ((clientY - box.top) / box.height) * this.shown.height,
    };
  }

  moveTo(x, y) {
    this.origin.x = Math.min(Math.max(0, x), this.size.width - this.shown.width);
    this.origin.y = Math.min(Math.max(0, y), this.size.height - this.shown.height);
  }

  zoomBy(factor, centre) {
    const point = centre || { x: this.origin.x + this.shown.width / 2, y: this.origin.y + this.shown.height / 2 };
    const before = this.zoom;
    this.zoom = Math.min(LARGEST_ZOOM, Math.max(1, this.zoom * factor));
    const kept = before / this.zoom;
    this.moveTo(point.x - (point.x - this.origin.x) * kept, point.y - (point.y - this.origin.y) * kept);
  }

  draw(layers, extra) {
    const context = this.canvas.getContext("2d");
    const { width, height } = this.canvas;
    context.clearRect(0, 0, width, height);
    if (!this.picture) return;
    const scale = width / this.shown.width;
    context.imageSmoothingEnabled = scale < 1;
    context.imageSmoothingQuality = "high";
    const place = [this.origin.x, this.origin.y, this.shown.width, this.shown.height, 0, 0, width, height];
    context.drawImage(this.picture, ...place);
    if (this.plain) return;
    if (this.heat) {
      context.globalAlpha = this.opacity;
      const across = this.heat.naturalWidth / this.size.width;
      const down = this.heat.naturalHeight / this.size.height;
      context.drawImage(this.heat, place[0] * across, place[1] * down, place[2] * across, place[3] * down, 0, 0, width, height);
      context.globalAlpha = 1;
    }
    if (layers) for (const kind of KINDS) this.drawLayer(context, layers, kind, place);
    if (extra) extra(context, scale);
  }

  drawLayer(context, layers, kind, place) {
    if (!layers.marked(kind)) return;
    const shape = blankCanvas(this.canvas.width, this.canvas.height);
    const brush = shape.getContext("2d");
    brush.imageSmoothingEnabled = false;
    brush.drawImage(layers.toCanvas(kind, [255, 255, 255, 255], [0, 0, 0, 0]), ...place);
    brush.globalCompositeOperation = "source-in";
    brush.fillStyle = brush.createPattern(hatch(kind, this.ratio), "repeat");
    brush.fillRect(0, 0, shape.width, shape.height);
    context.drawImage(shape, 0, 0);
  }
}
