/** The study's tables and figures in a notebook, by their names. */
import { visibleText } from '../../results/figures/text';
import { type StudyFigure, studyFigures } from '../../study/figures';
import { readRows, type StudyRow } from '../../study/row';
import { studyTables } from '../../study/tables';
import { showFigure, showTable } from './show';

/** The rows of the study, and what is drawn from them. Of a name without rows, one line says that there are none. */
export interface StudyShelf {
  readonly rows: ReadonlyMap<string, StudyRow>;
  readonly figures: readonly StudyFigure[];
  /** Names of the tables that have rows. */
  readonly tables: readonly string[];
  /** Shows a table, or a figure. */
  readonly showTable: (name: string) => void;
  readonly showFigure: (name: string) => void;
}

/** Opens the study's rows in a folder; default: those that the project ships. */
export function openStudy(folder?: string): StudyShelf {
  const rows = readRows(folder);
  const figures = studyFigures(rows);
  const drawn = new Map(figures.map(({ name, figure }) => [name, figure]));
  const tables = new Map(studyTables(rows).map((table) => [table.name, table]));
  const missing = (name: string): void => console.log(`The study has no rows of ${visibleText(name)} yet.`);
  return {
    rows,
    figures,
    tables: [...tables.keys()],
    showTable: (name) => {
      const table = tables.get(name);
      if (table) showTable({ columns: table.head, values: table.rows }, { caption: table.title });
      else missing(name);
    },
    showFigure: (name) => {
      const figure = drawn.get(name);
      if (figure) showFigure(figure);
      else missing(name);
    },
  };
}
