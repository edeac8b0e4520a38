/** A table that scrolls sideways where the page is narrow. */
import type { ComponentChildren } from 'preact';

interface TableProps {
  readonly caption: string;
  readonly columns: readonly string[];
  /** The rows. */
  readonly children: ComponentChildren;
}

export const Table = ({ caption, columns, children }: TableProps) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
  <div class="scroll" tabIndex={0}>
    <table class="grid">
      <caption>{caption}</caption>
      <thead>
        <tr>
          {columns.map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </div>
);
