/** `tojson` as transformers defines it: Python's `json.dumps`, which keeps characters beyond ASCII unless told not to. */
import { Float, floatText, isNumber, print, TemplateError, truth, typeName, type Value, View } from './values';

interface Layout {
  readonly ascii: boolean;
  /** What one level is indented by; undefined for all on one line. */
  readonly indent?: string;
  readonly item: string;
  readonly key: string;
  readonly sorted: boolean;
}

export function toJson(value: Value, ascii?: Value, indent?: Value, separators?: Value, sorted?: Value): string {
  const step =
    indent == null ? undefined : typeof indent === 'string' ? indent : ' '.repeat(Math.max(0, Number(indent)));
  const [item, key] =
    separators == null
      ? [step === undefined ? ', ' : ',', ': ']
      : Array.isArray(separators)
        ? separators.map(print)
        : [];
  if (item === undefined || key === undefined) throw new TemplateError('separators must be a pair of texts');
  return write(value, { ascii: truth(ascii), indent: step, item, key, sorted: truth(sorted) }, '\n');
}

function write(value: Value, layout: Layout, line: string): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return text(value, layout);
  if (value instanceof Float) return number(value.value);
  const inner = line + (layout.indent ?? '');
  if (Array.isArray(value) && !(value instanceof View))
    return block(
      '[]',
      value.map((own) => write(own, layout, inner)),
      { layout, line },
    );
  if (value instanceof Map) {
    const entries = [...value].map(([key, own]) => [keyText(key), own] as const);
    if (layout.sorted) entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    const parts = entries.map(([key, own]) => text(key, layout) + layout.key + write(own, layout, inner));
    return block('{}', parts, { layout, line });
  }
  throw new TemplateError(`Object of type ${typeName(value)} is not JSON serializable`);
}

function block(marks: string, parts: readonly string[], { layout, line }: { layout: Layout; line: string }): string {
  const [open, close] = [...marks] as [string, string];
  if (parts.length === 0) return marks;
  if (layout.indent === undefined) return open + parts.join(layout.item) + close;
  const inner = line + layout.indent;
  return open + inner + parts.join(layout.item + inner) + line + close;
}

function keyText(key: Value): string {
  if (typeof key === 'string') return key;
  if (key === null) return 'null';
  if (typeof key === 'boolean') return String(key);
  if (isNumber(key)) return key instanceof Float ? number(key.value) : String(key);
  throw new TemplateError(`keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

const number = (value: number): string =>
  Number.isFinite(value) ? floatText(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';

/** JavaScript escapes lone surrogates as well, which valid text has not. */
function text(value: string, { ascii }: Layout): string {
  const json = JSON.stringify(value);
  if (!ascii) return json;
  return json.replace(/[\x7f-\uffff]/g, (unit) =>
    unit === '\x7f' ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
