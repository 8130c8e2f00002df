// Tables as Apache Parquet: what programs for analysis read.
import { fileWriter, ParquetWriter } from 'hyparquet-writer';

export interface Column {
  readonly name: string;
  /** `time`: milliseconds since 1970, UTC; `count`: a whole number. */
  readonly type: 'text' | 'count' | 'number' | 'time';
}

/** Of a column's type; a time is ISO 8601; null where there is none. */
export type Cell = string | number | null;

/** Rows of a group: what is in memory at once. */
const groupRows = 50_000;

/** Writes a file that exists and is empty, group by group. */
export class ParquetFile {
  readonly #columns: readonly Column[];
  readonly #writer: ParquetWriter;
  #rows: (readonly Cell[])[] = [];

  constructor(file: string, columns: readonly Column[], createdBy: string) {
    this.#columns = columns;
    this.#writer = new ParquetWriter({
      writer: fileWriter(file),
      createdBy,
      schema: [
        { name: 'root', num_children: columns.length },
        ...columns.map(({ name, type }) => ({ name, repetition_type: 'OPTIONAL' as const, ...elements[type] })),
      ],
    });
  }

  async add(row: readonly Cell[]): Promise<void> {
    this.#rows.push(row);
    if (this.#rows.length === groupRows) await this.#group();
  }

  async end(): Promise<void> {
    if (this.#rows.length > 0) await this.#group();
    await this.#writer.finish();
  }

  async #group(): Promise<void> {
    await this.#writer.write({
      rowGroupSize: groupRows,
      columnData: this.#columns.map(({ name, type }, at) => ({
        name,
        data: this.#rows.map((row) => cellOf(row[at] ?? null, type)),
      })),
    });
    this.#rows = [];
  }
}

const elements = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  count: { type: 'INT64' },
  number: { type: 'DOUBLE' },
  time: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
} as const;

function cellOf(cell: Cell, type: Column['type']): unknown {
  if (cell === null) return null;
  if (type === 'count') return BigInt(cell);
  return type === 'time' ? new Date(cell) : cell;
}
