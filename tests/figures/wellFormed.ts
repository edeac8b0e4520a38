/** A strict reader for the small XML that the renderer writes: throws at the first mistake, returns the elements in order. */

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  text: string;
}

const TOKEN =
  /<(?<end>\/)?(?<name>[a-z][\w:-]*)(?<attributes>(?:\s+[a-z][\w:-]*="[^"<&]*(?:&(?:amp|lt|gt|quot|#39);[^"<&]*)*")*)\s*(?<empty>\/)?>|(?<text>(?:[^<&]|&(?:amp|lt|gt|quot|#39);)+)/giy;

export function parseXml(xml: string): Element[] {
  const elements: Element[] = [];
  const open: Element[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < xml.length) {
    const at = TOKEN.lastIndex;
    const groups = TOKEN.exec(xml)?.groups;
    if (!groups) throw new Error(`not well-formed at ${at}: ${xml.slice(at, at + 80)}`);
    if (groups.text !== undefined) {
      const inner = open.at(-1);
      if (inner) inner.text += groups.text;
    } else if (groups.end) {
      if (open.pop()?.name !== groups.name) throw new Error(`unexpected </${groups.name}> at ${at}`);
    } else {
      const pairs = [...(groups.attributes ?? '').matchAll(/([\w:-]+)="([^"]*)"/g)];
      const element = {
        name: groups.name ?? '',
        attributes: Object.fromEntries(pairs.map(([, k, v]) => [k, v])),
        text: '',
      };
      elements.push(element);
      if (!groups.empty) open.push(element);
    }
  }
  if (open.length > 0) throw new Error(`<${open.at(-1)?.name}> is never closed`);
  return elements;
}
