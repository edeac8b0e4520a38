/**
 * Writes output of several MIME types into a notebook cell: HTML, where wanted plotly for JupyterLab, and text for viewers without them. The kernel's public interface writes one type at a time, so this uses the kernel's internal writer.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** One output as MIME types with their contents; a viewer shows the richest one that it knows. */
export type MimeBundle = Readonly<Record<string, string | object>>;

/** An output that can be replaced later. */
export interface Display {
  /** Shows the bundle in place of the previous one. Does nothing outside a kernel. */
  readonly show: (bundle: MimeBundle) => void;
}

type Writer = (
  content: { data: MimeBundle; metadata: object; transient: { display_id: string } },
  update: boolean,
) => void;

let displays = 0;

/** A new output in the running cell. */
export function createDisplay(): Display {
  const id = `rcsd-${process.pid}-${++displays}`;
  let shown = false;
  const show = (data: MimeBundle) => {
    kernelWriter()?.({ data, metadata: {}, transient: { display_id: id } }, shown);
    shown = true;
  };
  return { show };
}

/**
 * The running kernel's writer; undefined outside a kernel. It changes with every cell, so it is looked up at each call.
 */
function kernelWriter(): Writer | undefined {
  const { cache } = createRequire(join(process.cwd(), 'cell.js'));
  const kernel = Object.keys(cache).find((path) => /[\\/]tslab[\\/]dist[\\/]jupyter\.js$/.test(path));
  const loaded =
    kernel === undefined ? undefined : (cache[kernel]?.exports as { lastWriteDisplayData?: Writer | null });
  return loaded?.lastWriteDisplayData ?? undefined;
}
