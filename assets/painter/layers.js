// The marks: two layers in the pixels of the original picture, with their history.

const KINDS = ["ignore", "look_here"];
const HISTORY_BYTES = 64e6;

function loadImage(url) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("The picture could not be read."));
    image.src = url;
  });
}

function blankCanvas(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, width);
  canvas.height = Math.max(1, height);
  return canvas;
}

class Layers {
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.masks = Object.fromEntries(KINDS.map((kind) => [kind, new Uint8Array(width * height)]));
    this.history = [];
  }

  // Add a saved mask to the layer; a kind may have several, one for each artefact.
  async load(kind, url) {
    const image = await loadImage(url);
    const context = blankCanvas(this.width, this.height).getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(image, 0, 0, this.width, this.height);
    const { data } = context.getImageData(0, 0, this.width, this.height);
    const mask = this.masks[kind];
    for (let i = 0; i < mask.length; i += 1) if (data[4 * i] > 0 && data[4 * i + 3] > 0) mask[i] = 1;
  }

  remember() {
    this.history.push(KINDS.map((kind) => this.masks[kind].slice()));
    const size = 2 * this.width * this.height;
    while (this.history.length > 1 && this.history.length * size > HISTORY_BYTES) this.history.shift();
  }

  undo() {
    const before = this.history.pop();
    if (!before) return false;
    KINDS.forEach((kind, place) => {
      this.masks[kind] = before[place];
    });
    return true;
  }

  set(kind, x, y, value) {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const place = y * this.width + x;
    this.masks[kind][place] = value;
    if (value) this.masks[kind === KINDS[0] ? KINDS[1] : KINDS[0]][place] = 0;
  }

  // A disc of `size` pixels across around the point (x, y); the pixel under the point always counts.
  disc(kind, x, y, size, value) {
    const radius = size / 2;
    for (let row = Math.floor(y - radius); row <= Math.ceil(y + radius); row += 1) {
      for (let column = Math.floor(x - radius); column <= Math.ceil(x + radius); column += 1) {
        if (Math.hypot(column + 0.5 - x, row + 0.5 - y) <= radius) this.set(kind, column, row, value);
      }
    }
    this.set(kind, Math.floor(x), Math.floor(y), value);
  }

  line(kind, from, to, size, value) {
    const steps = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) * 2));
    for (let i = 0; i <= steps; i += 1) {
      const share = i / steps;
      this.disc(kind, from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share, size, value);
    }
  }

  rectangle(kind, from, to, value) {
    const [left, right] = [from.x, to.x].map(Math.floor).sort((a, b) => a - b);
    const [top, bottom] = [from.y, to.y].map(Math.floor).sort((a, b) => a - b);
    for (let y = top; y <= bottom; y += 1) for (let x = left; x <= right; x += 1) this.set(kind, x, y, value);
  }

  clear(kind) {
    this.masks[kind].fill(0);
  }

  marked(kind) {
    return this.masks[kind].some((value) => value);
  }

  share() {
    const [first, second] = KINDS.map((kind) => this.masks[kind]);
    let count = 0;
    for (let i = 0; i < first.length; i += 1) count += first[i] | second[i];
    return first.length ? count / first.length : 0;
  }

  // The layer as a canvas of the original's size: `colour` where marked, clear (or black) elsewhere.
  toCanvas(kind, colour, background) {
    const canvas = blankCanvas(this.width, this.height);
    const context = canvas.getContext("2d");
    const picture = context.createImageData(this.width, this.height);
    const mask = this.masks[kind];
    for (let i = 0; i < mask.length; i += 1) {
      picture.data.set(mask[i] ? colour : background, 4 * i);
    }
    context.putImageData(picture, 0, 0);
    return canvas;
  }

  encode(kind) {
    if (!this.marked(kind)) return null;
    const url = this.toCanvas(kind, [255, 255, 255, 255], [0, 0, 0, 255]).toDataURL("image/png");
    return url.slice(url.indexOf(",") + 1);
  }
}
