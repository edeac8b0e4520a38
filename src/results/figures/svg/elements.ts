/** Builds SVG as text: elements with escaped attributes and content, and the marks that all figures are made of. */

import type { Dash, PointShape } from '../figure';
import { escapeText } from '../text';

/** Attributes of an element; undefined ones are left out, numbers are rounded to a hundredth of a pixel. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** `<name …>content</name>`; attribute values are escaped, `content` must be finished SVG. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const list = Object.entries(attributes)
    .filter((entry): entry is [string, string | number] => entry[1] !== undefined)
    .map(
      ([key, value]) =>
        ` ${key}="${typeof value === 'number' ? pixel(value) : escapeText(value, Number.POSITIVE_INFINITY)}"`,
    )
    .join('');
  return content === '' ? `<${name}${list}/>` : `<${name}${list}>${content}</${name}>`;
}

/**
 * A coordinate with at most two decimals. A number that is not finite becomes 0, so that the file stays well-formed.
 */
export function pixel(value: number): string {
  return Number.isFinite(value) ? String(Math.round(value * 100) / 100) : '0';
}

/** The tone of a text is `ink` (strong) or `faint`. */
export interface TextStyle {
  readonly x: number;
  readonly y: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly size?: number;
  readonly weight?: 'bold';
  readonly tone?: 'ink' | 'faint';
  readonly fill?: string;
  /** Draws the background's colour around the letters, for text that crosses bars and lines. */
  readonly halo?: boolean;
}

const HALO = { stroke: '#ffffff', 'stroke-width': 3, 'paint-order': 'stroke', 'stroke-linejoin': 'round' };

const TONES = { ink: '#1f2328', faint: '#57606a' } as const;

/** One line of text; the content is escaped here. */
export function textLine(content: string, style: TextStyle): string {
  const tone = style.tone ?? 'ink';
  const attributes: Attributes = {
    x: style.x,
    y: style.y,
    'text-anchor': style.anchor,
    'font-size': style.size ?? 11,
    'font-weight': style.weight,
    fill: style.fill ?? TONES[tone],
    class: style.fill ? undefined : `rcsd-${tone}${style.halo ? ' rcsd-halo' : ''}`,
    ...(style.halo ? HALO : {}),
  };
  return element('text', attributes, escapeText(content, 200) || ' ');
}

/** A straight line; without a colour it is a grid line. */
export function ruler(from: readonly [number, number], to: readonly [number, number], stroke?: Attributes): string {
  const base = { x1: from[0], y1: from[1], x2: to[0], y2: to[1] };
  return element('line', { ...base, ...(stroke ?? { stroke: '#d8dee4', class: 'rcsd-grid' }) });
}

export function dashArray(dash: Dash): string | undefined {
  return { solid: undefined, dash: '7 4', dot: '2 4', dashdot: '8 3 2 3' }[dash];
}

/** A point of the given shape and diameter. */
export function point(shape: PointShape, at: readonly [number, number], look: { color: string; size: number }): string {
  const [x, y] = at;
  const r = look.size / 2;
  if (shape === 'circle') return element('circle', { cx: x, cy: y, r, fill: look.color });
  if (shape === 'square') return element('rect', { x: x - r, y: y - r, width: 2 * r, height: 2 * r, fill: look.color });
  const corners =
    shape === 'diamond'
      ? [
          [x, y - 1.3 * r],
          [x + 1.3 * r, y],
          [x, y + 1.3 * r],
          [x - 1.3 * r, y],
        ]
      : [
          [x, y - 1.2 * r],
          [x + 1.2 * r, y + r],
          [x - 1.2 * r, y + r],
        ];
  const points = corners.map((corner) => corner.map(pixel).join(',')).join(' ');
  return element('polygon', { points, fill: look.color });
}

/** A vertical error bar with caps, from `low` to `high` in pixels. */
export function errorMark(x: number, low: number, high: number): string {
  const stroke = { stroke: '#1f2328', 'stroke-width': 1.5, class: 'rcsd-stroke' };
  return (
    ruler([x, low], [x, high], stroke) +
    ruler([x - 4, low], [x + 4, low], stroke) +
    ruler([x - 4, high], [x + 4, high], stroke)
  );
}

/** A horizontal error bar at the height `y`. */
export function errorAcross(y: number, low: number, high: number): string {
  const stroke = { stroke: '#1f2328', 'stroke-width': 1.5, class: 'rcsd-stroke' };
  return (
    ruler([low, y], [high, y], stroke) +
    ruler([low, y - 3], [low, y + 3], stroke) +
    ruler([high, y - 3], [high, y + 3], stroke)
  );
}

/** Estimated width of a line of text in pixels. Fonts differ, so the estimate is rather too wide. */
export function textWidth(text: string, size = 11): number {
  return text.length * size * 0.58;
}

/**
 * Breaks a label at spaces and hyphens into at most `lines` lines (default 3) of `width` pixels, in letters of `size` (default 11);
 * what does not fit is replaced by an ellipsis.
 */
export function wrapLabel(label: string, width: number, { lines = 3, size = 11 } = {}): string[] {
  const room = Math.max(3, Math.floor(width / textWidth('x', size)));
  const result: string[] = [];
  let line = '';
  for (const word of label.split(/(?<=[\s-])/)) {
    if (line !== '' && (line + word).trimEnd().length > room) {
      result.push(line.trimEnd());
      line = '';
    }
    line += word;
  }
  result.push(line.trimEnd());
  const kept = result.slice(0, lines);
  return kept.map((text, index) => {
    const cut = text.length > room || (index === lines - 1 && result.length > lines);
    return cut ? `${text.slice(0, room - 1)}…` : text;
  });
}
