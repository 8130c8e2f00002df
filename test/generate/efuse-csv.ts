// Reads an eFuse table of ESP-IDF (components/efuse/CHIP/esp_efuse_table.csv).

/** Bits of one block. */
export interface CsvPiece {
  readonly block: number;
  readonly bit: number;
  readonly length: number;
}

export interface CsvField {
  readonly name: string;
  /** From least to most significant. */
  readonly pieces: readonly CsvPiece[];
  readonly aliases: readonly string[];
  /** Bit of WR_DIS; null where the table has none for it. */
  readonly writeDisableBit: number | null;
}

/**
 * The fields of a table. A line is: name, block, first bit, bits, [other names] and a comment; a line without a name is the next piece of
 * the field above it. WR_DIS.X says which bit of WR_DIS freezes X, by its name or one of its other names; RD_DIS.X is for the reader of
 * ESP-IDF's API and says nothing that the blocks do not. SyntaxError for a line that is none of these.
 */
export function readEfuseCsv(text: string): readonly CsvField[] {
  const fields: { name: string; pieces: CsvPiece[]; aliases: readonly string[] }[] = [];
  const locks = new Map<string, number>();
  for (const line of text.split('\n').filter((each) => each.trim() !== '' && !each.startsWith('#'))) {
    const match = /^([A-Z0-9_.]*) *, *EFUSE_BLK(\d+) *, *(\d+) *, *(\d+|MAX_BLK_LEN) *, *\[([^\]]*)\]/.exec(line);
    if (match === null) throw new SyntaxError(`not a line of an eFuse table: ${line}`);
    const [, name, block, bit, length, others] = match as unknown as [string, string, string, string, string, string];
    const aliases = others.split(' ').filter((word) => word !== '' && word !== name);
    // ESP32's key blocks are as long as their coding lets them be: without one, whole.
    const piece = { block: Number(block), bit: Number(bit), length: length === 'MAX_BLK_LEN' ? 256 : Number(length) };
    const last = fields.at(-1);
    if (/^WR_DIS[._]/.test(name)) {
      for (const locked of [name, ...aliases]) locks.set(locked.slice('WR_DIS.'.length), piece.bit);
    } else if (name.startsWith('RD_DIS.')) continue;
    else if (name !== '') fields.push({ name, pieces: [piece], aliases });
    else if (last === undefined) throw new SyntaxError(`a piece of no field: ${line}`);
    else last.pieces.push(piece);
  }
  const lockOf = ({ name, aliases }: { name: string; aliases: readonly string[] }) =>
    [name, ...aliases].map((each) => locks.get(each)).find((bit) => bit !== undefined) ?? null;
  return fields.map((field) => ({ ...field, writeDisableBit: lockOf(field) ?? lockOfBlock(field.pieces[0]!.block) }));

  /** All of a block but BLOCK0 is frozen by one bit, though not every field of it has a line that says so. */
  function lockOfBlock(block: number): number | null {
    const inBlock = fields.filter(({ pieces }) => block !== 0 && pieces[0]!.block === block);
    const bits = new Set(inBlock.map(lockOf).filter((bit) => bit !== null));
    return bits.size === 1 ? [...bits][0]! : null;
  }
}
