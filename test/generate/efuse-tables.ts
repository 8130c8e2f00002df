// The field texts of main/efuse/tables/fields, made from the CSVs in test/vectors/efuse. Where a table says something else than its CSV,
// the difference stands here with its reason and source.
import { vectorText } from '../vectors.ts';
import { type CsvField, readEfuseCsv } from './efuse-csv.ts';

/** Something that a table says and its CSV does not, and who says so. */
export interface Deviation {
  readonly because: string;
  /** Fields that this silicon has besides those of the CSV. */
  readonly added?: readonly CsvField[];
  /** Fields of the CSV that this silicon does not have. */
  readonly absent?: readonly string[];
  /** More names of a field, behind those of the CSV. */
  readonly aliases?: Readonly<Record<string, readonly string[]>>;
}

interface TableSource {
  /** Name of the table, and of its file. */
  readonly table: string;
  /** In test/vectors/efuse; a second one holds what only some revisions have. */
  readonly csv: readonly string[];
  readonly deviations?: readonly Deviation[];
}

const bit = (name: string, at: number, writeDisableBit: number | null): CsvField => ({
  name,
  pieces: [{ block: 0, bit: at, length: 1 }],
  aliases: [],
  writeDisableBit,
});

const p4UsbSerialJtag: Deviation = {
  because:
    'espefuse 5.3.1 (efuse_defs/esp32p4.yaml, esp32p4_v3.0.yaml) knows the bit and does not show it; ESP-IDF left it out',
  added: [bit('DIS_USB_SERIAL_JTAG', 43, 2)],
};

/** In every table that has the field. */
const everywhere = {
  because: 'the WR_DIS line of the same CSV gives this name too, and ESP-IDF calls the field so in C',
  aliases: { 'USER_DATA.MAC_CUSTOM': ['USER_DATA_MAC_CUSTOM'] },
} satisfies Deviation;

const tableSources: readonly TableSource[] = [
  {
    table: 'esp32',
    csv: ['esp32.csv'],
    deviations: [
      {
        because: 'recipes speak of the office, which later chips gave these names (FACTS 2.10)',
        aliases: {
          FLASH_CRYPT_CNT: ['SPI_BOOT_CRYPT_CNT'],
          UART_DOWNLOAD_DIS: ['DIS_DOWNLOAD_MODE'],
          ABS_DONE_1: ['SECURE_BOOT_EN'],
        },
      },
      {
        because: 'the WR_DIS line of the same CSV and espefuse call it so',
        aliases: { MAC_CUSTOM: ['CUSTOM_MAC'] },
      },
    ],
  },
  {
    table: 'esp32c2',
    csv: ['esp32c2.csv'],
    deviations: [
      {
        because: 'espefuse 5.3.1 (efuse/esp32c2/mem_definition.py) names the blocks and halves so, and other chips do',
        aliases: {
          USER_DATA: ['BLOCK_USR_DATA'],
          'KEY0.FE_128BIT': ['BLOCK_KEY0_LOW_128'],
          'KEY0.SB_128BIT': ['BLOCK_KEY0_HI_128'],
        },
      },
    ],
  },
  { table: 'esp32c3', csv: ['esp32c3.csv'] },
  { table: 'esp32c5', csv: ['esp32c5.csv'] },
  { table: 'esp32c6', csv: ['esp32c6.csv'] },
  { table: 'esp32c61', csv: ['esp32c61.csv'] },
  {
    table: 'esp32h2-v0',
    csv: ['esp32h2.csv', 'esp32h2_v0.0_v1.1.csv'],
    deviations: [
      {
        because:
          'reserved bits before v1.2: ESP-IDF uses each of them from that revision on only (ecdsa_ll.h and spi_flash_encrypted_ll.h of ' +
          'ESP32-H2: ESP_CHIP_REV_ABOVE 102; esp_security at start for ECC_FORCE_CONST_TIME)',
        absent: ['ECDSA_CURVE_MODE', 'ECC_FORCE_CONST_TIME', 'XTS_DPA_PSEUDO_LEVEL'],
      },
    ],
  },
  { table: 'esp32h2-v1.2', csv: ['esp32h2.csv'] },
  { table: 'esp32h21', csv: ['esp32h21.csv'] },
  { table: 'esp32h4', csv: ['esp32h4.csv'] },
  { table: 'esp32p4-v1', csv: ['esp32p4.csv'], deviations: [p4UsbSerialJtag] },
  {
    table: 'esp32p4-v3',
    csv: ['esp32p4_v3.0.csv'],
    deviations: [
      p4UsbSerialJtag,
      {
        because:
          'espefuse 5.3.1 (efuse_defs/esp32p4_v3.0.yaml), and esptool reads it (targets/esp32p4.py); ESP-IDF left it out',
        added: [bit('DOWNLOAD_MODE_XPD_ON', 80, null)],
      },
    ],
  },
  {
    table: 'esp32s2',
    csv: ['esp32s2.csv'],
    deviations: [
      {
        because: 'later chips gave the same bits these names',
        aliases: {
          DIS_USB: ['DIS_USB_OTG'],
          HARD_DIS_JTAG: ['DIS_PAD_JTAG'],
          DIS_LEGACY_SPI_BOOT: ['DIS_DIRECT_BOOT'],
        },
      },
    ],
  },
  { table: 'esp32s3', csv: ['esp32s3.csv'] },
  {
    table: 'esp32s31',
    csv: ['esp32s31.csv'],
    deviations: [
      {
        because:
          'espefuse 5.6.0 (efuse_defs/esp32s31.yaml) calls the same bits by the name of the Secure Debug Controller',
        aliases: {
          RMA_ENA: ['SDC_ENA'],
          RMA_SESSION_COUNTER: ['SDC_SESSION_COUNTER'],
          RMA_NONCE_ENA: ['SDC_NONCE_ENA'],
          RMA_CHIP_INFO_SOURCE: ['SDC_CHIP_INFO_SOURCE'],
          RMA_DISABLE_FAST_VEF: ['SDC_DISABLE_FAST_VEF'],
        },
      },
    ],
  },
];

const source = (csv: string) => `test/vectors/efuse/${csv}`;

/** The field texts as files. */
export function tableFiles(): { file: string; text: string }[] {
  return tableSources.map(({ table, csv, deviations = [] }) => ({
    file: `main/efuse/tables/fields/${table}.ts`,
    text: `// Generated from ${csv.map(source).join(' and ')} by \`npm run generate\`: not for editing by hand.
// A line: name, pieces block.bit+length from least to most significant, /bit of WR_DIS, other names. What differs from the CSV stands with
// its reason in test/generate/efuse-tables.ts.

export const fields = \`
${fieldsText(
  deviating(
    csv.flatMap((name) => readEfuseCsv(vectorText(`efuse/${name}`))),
    deviations,
    table,
  ),
)}
\`;
`,
  }));
}

/**
 * The fields of a table by their first bit, with its deviations. RangeError for a deviation that no longer is one: the CSV has come to say
 * the same, or has lost the field.
 */
export function deviating(csv: readonly CsvField[], deviations: readonly Deviation[], table: string): CsvField[] {
  const fields = new Map(csv.map((field) => [field.name, field]));
  const known = (name: string): CsvField => {
    const field = fields.get(name);
    if (field === undefined) throw new RangeError(`${table}: the CSV has no ${name} to deviate from`);
    return field;
  };
  const alsoCalled = (field: CsvField, names: readonly string[]) => {
    const old = names.find((name) => field.aliases.includes(name));
    if (old !== undefined) throw new RangeError(`${table}: the CSV itself calls ${field.name} ${old} by now`);
    fields.set(field.name, { ...field, aliases: [...field.aliases, ...names] });
  };
  for (const { added = [], absent = [], aliases = {} } of deviations) {
    for (const field of added) {
      if (fields.has(field.name)) throw new RangeError(`${table}: the CSV itself has ${field.name} by now`);
      fields.set(field.name, field);
    }
    for (const name of absent) fields.delete(known(name).name);
    for (const [name, names] of Object.entries(aliases)) alsoCalled(known(name), names);
  }
  for (const [name, names] of Object.entries(everywhere.aliases)) if (fields.has(name)) alsoCalled(known(name), names);
  const place = ({ pieces: [first] }: CsvField) => first!.block * 256 + first!.bit;
  return [...fields.values()].sort((a, b) => place(a) - place(b));
}

/** Fields as the lines that `fieldsOf` of main/efuse/tables/silicon.ts reads, in columns. */
function fieldsText(fields: readonly CsvField[]): string {
  const rows = fields.map(({ name, pieces, writeDisableBit, aliases }) => ({
    name,
    // Three pieces and more run over their column.
    wide: pieces.length > 2,
    places: pieces.map((piece) => `${piece.block}.${piece.bit}+${piece.length}`).join(' '),
    rest: [`/${writeDisableBit ?? '-'}`.padEnd(3), ...aliases].join(' ').trimEnd(),
  }));
  const names = Math.max(...rows.map(({ name }) => name.length));
  const places = Math.max(...rows.filter(({ wide }) => !wide).map((row) => row.places.length));
  return rows
    .map(
      (row) => `${row.name.padEnd(names + 2)}${row.wide ? `${row.places} ` : row.places.padEnd(places + 2)}${row.rest}`,
    )
    .join('\n');
}
