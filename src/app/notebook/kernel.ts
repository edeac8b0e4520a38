/**
 * The notebook kernel's display channel. Its public interface writes one MIME type at a time; a figure needs several in one
 * output (plotly for JupyterLab, SVG for viewers without it, text for the rest), so this goes through the kernel's own writer.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** One output: MIME types and their contents, the richest that the viewer knows is shown. */
export type MimeBundle = Readonly<Record<string, string | object>>;

/** An output that can be renewed in place. */
export interface Display {
  /** Shows the bundle, or puts it in the place of the last one. Does nothing outside a kernel. */
  readonly show: (bundle: MimeBundle) => void;
}

type Writer = (
  content: { data: MimeBundle; metadata: object; transient: { display_id: string } },
  update: boolean,
) => void;

let displays = 0;

/** A new place for output in the running cell. */
export function createDisplay(): Display {
  const id = `rcsd-${process.pid}-${++displays}`;
  let shown = false;
  const show = (data: MimeBundle) => {
    kernelWriter()?.({ data, metadata: {}, transient: { display_id: id } }, shown);
    shown = true;
  };
  return { show };
}

/** The running kernel's writer. It changes with every cell, so it is looked up at each call; undefined outside a kernel. */
function kernelWriter(): Writer | undefined {
  const { cache } = createRequire(join(process.cwd(), 'cell.js'));
  const kernel = Object.keys(cache).find((path) => /[\\/]tslab[\\/]dist[\\/]jupyter\.js$/.test(path));
  const loaded =
    kernel === undefined ? undefined : (cache[kernel]?.exports as { lastWriteDisplayData?: Writer | null });
  return loaded?.lastWriteDisplayData ?? undefined;
}
