/** What a reader of a picture or an output would complain of. Runs inside a page; nothing but its arguments may come from outside. */

export interface Complaint {
  /** What is wrong. */
  readonly what: 'small' | 'cut' | 'overlap' | 'contrast' | 'nameless';
  /** The words that it concerns. */
  readonly where: string;
}

/** The smallest letters as they are shown, in CSS pixels. */
const SMALLEST = 9;
/** Contrast of text against what lies behind it: WCAG's AA for text of usual size. */
const CONTRAST = 4.5;
/** Letters fill about this share of the height of their box. */
const GLYPH = 0.7;

type Point = readonly [number, number];

/** The corners of a text as they are shown, without the empty space above and below the letters. */
function cornersOf(text: SVGTextElement): Point[] {
  const box = text.getBBox();
  const matrix = text.getScreenCTM() as DOMMatrix;
  const inset = (box.height * (1 - GLYPH)) / 2;
  const [top, bottom] = [box.y + inset, box.y + box.height - inset];
  return [
    [box.x, top],
    [box.x + box.width, top],
    [box.x + box.width, bottom],
    [box.x, bottom],
  ].map(([x = 0, y = 0]) => {
    const { x: shownX, y: shownY } = new DOMPoint(x, y).matrixTransform(matrix);
    return [shownX, shownY] as const;
  });
}

/** Whether two convex quadrangles share more than a pixel, by the axes that may separate them. */
function overlap(a: readonly Point[], b: readonly Point[]): boolean {
  for (const shape of [a, b]) {
    for (let i = 0; i < shape.length; i++) {
      const [x, y] = shape[i] as Point;
      const [nextX, nextY] = shape[(i + 1) % shape.length] as Point;
      const length = Math.hypot(nextX - x, nextY - y) || 1;
      const [across, along] = [(nextY - y) / length, (x - nextX) / length];
      const reach = (points: readonly Point[]) => points.map(([px, py]) => px * across + py * along);
      const [p, q] = [reach(a), reach(b)];
      if (Math.max(...p) < Math.min(...q) + 1 || Math.max(...q) < Math.min(...p) + 1) return false;
    }
  }
  return true;
}

const channels = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);

function luminance(color: readonly number[]): number {
  const [r = 0, g = 0, b = 0] = color.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** `above` painted on `below`. */
const painted = (above: readonly number[], opacity: number, below: readonly number[]): number[] =>
  below.map((value, i) => value + ((above[i] ?? 0) - value) * opacity);

/** A filled shape of a picture: its place, its color, how opaque it is. */
interface Shape {
  readonly own: SVGGraphicsElement;
  readonly box: DOMRect;
  readonly color: readonly number[];
  readonly opacity: number;
}

const shapesOf = (svg: SVGSVGElement): Shape[] =>
  Array.from(svg.querySelectorAll<SVGGraphicsElement>('rect, path, circle, polygon')).flatMap((own) => {
    const { fill, fillOpacity, opacity } = getComputedStyle(own);
    if (fill === 'none') return [];
    const [r = 0, g = 0, b = 0, alpha = 1] = channels(fill);
    const shown = alpha * Number(fillOpacity) * Number(opacity);
    return [{ own, box: own.getBoundingClientRect(), color: [r, g, b], opacity: shown }];
  });

/** The color behind the middle of a text: the filled shapes drawn before it, from the back. */
function behind(shapes: readonly Shape[], text: SVGTextElement, page: readonly number[]): number[] {
  const { left, right, top, bottom } = text.getBoundingClientRect();
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  return shapes
    .filter(({ box }) => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom)
    .filter(({ own }) => own.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING)
    .reduce<number[]>((below, { color, opacity }) => painted(color, opacity, below), [...page]);
}

function contrast(text: SVGTextElement, back: readonly number[]): number {
  const style = getComputedStyle(text);
  const front = painted(channels(style.fill).slice(0, 3), Number(style.fillOpacity) * Number(style.opacity), back);
  const [light, dark] = [luminance(front), luminance(back)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** Complaints about one picture. */
function looksOf(svg: SVGSVGElement): Complaint[] {
  const page = channels(getComputedStyle(document.body).backgroundColor).slice(0, 3);
  const frame = svg.getBoundingClientRect();
  const shapes = shapesOf(svg);
  const texts = Array.from(svg.querySelectorAll('text')).filter((text) => text.textContent?.trim());
  const complaints: Complaint[] = [];
  const shown = texts.map((text) => ({
    text,
    words: text.textContent?.trim().slice(0, 40) ?? '',
    corners: cornersOf(text),
  }));
  for (const { text, words, corners } of shown) {
    const matrix = text.getScreenCTM() as DOMMatrix;
    const size = Number.parseFloat(getComputedStyle(text).fontSize) * Math.hypot(matrix.a, matrix.b);
    if (size < SMALLEST - 0.01) complaints.push({ what: 'small', where: `${words} (${size.toFixed(1)} px)` });
    const out = corners.some(
      ([x, y]) => x < frame.left - 1 || x > frame.right + 1 || y < frame.top - 1 || y > frame.bottom + 1,
    );
    if (out) {
      complaints.push({ what: 'cut', where: words });
      continue;
    }
    const ratio = contrast(text, behind(shapes, text, page));
    if (ratio < CONTRAST) complaints.push({ what: 'contrast', where: `${words} (${ratio.toFixed(1)})` });
  }
  shown.forEach(({ words, corners }, i) => {
    for (const other of shown.slice(i + 1))
      if (overlap(corners, other.corners)) complaints.push({ what: 'overlap', where: `${words} | ${other.words}` });
  });
  return complaints;
}

/** Complaints about the outputs of the page as it stands, pictures and all. */
export function looks(): Complaint[] {
  const complaints = Array.from(document.querySelectorAll<SVGSVGElement>('svg[data-picture]')).flatMap(looksOf);
  for (const image of Array.from(document.querySelectorAll('img, svg[data-picture]')))
    if (!(image.getAttribute('alt') ?? image.getAttribute('aria-label'))?.trim())
      complaints.push({ what: 'nameless', where: image.outerHTML.slice(0, 80) });
  for (const own of Array.from(document.querySelectorAll<HTMLElement>('.output *'))) {
    const direct = Array.from(own.childNodes).some(
      (node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim(),
    );
    if (!direct || own.closest('svg') || own.getClientRects().length === 0) continue;
    const style = getComputedStyle(own);
    const words = (own.textContent ?? '').trim().slice(0, 40);
    if (Number.parseFloat(style.fontSize) < SMALLEST) complaints.push({ what: 'small', where: words });
    const hidden = style.overflowX === 'hidden' || style.textOverflow === 'ellipsis';
    if (hidden && own.scrollWidth > own.clientWidth + 1) complaints.push({ what: 'cut', where: words });
  }
  return complaints;
}
