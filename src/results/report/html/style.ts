/**
 * Inline styles of the HTML pieces. Colours are half-transparent over whatever background is there, and text inherits
 * its colour. A piece is therefore readable in light and dark, and needs no style sheet, which some viewers remove.
 */

/** Border of boxes and rows. */
export const LINE = '1px solid rgba(128,128,128,.35)';

/** The box around a piece. */
export const CARD = `border:${LINE};border-radius:8px;padding:12px 16px;margin:8px 0;max-width:62em;line-height:1.5;overflow-x:auto`;

/** Small text beside the content. */
export const NOTE = 'font-size:.86em;opacity:.8';

/** Tables are as wide as their content. */
export const TABLE = 'border-collapse:collapse;font-size:.92em;margin:6px 0;font-variant-numeric:tabular-nums';

/** Padding and border of a cell; numbers are aligned right. */
export function cellStyle(align: 'left' | 'right'): string {
  return `border-bottom:${LINE};padding:4px 12px 4px 4px;text-align:${align};vertical-align:top${align === 'right' ? ';white-space:nowrap' : ''}`;
}
