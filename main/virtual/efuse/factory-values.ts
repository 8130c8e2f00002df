import type { Revision } from '../../model/chip.ts';

/** What Espressif burns into a chip before it is sold. */
export interface FactoryValues {
  readonly revision: Revision;
  /** Of the eFuse blocks, major * 100 + minor. */
  readonly blockVersion: Revision;
  /** Six bytes in printed order. */
  readonly mac: Uint8Array;
  readonly packageVersion: number;
  /** Sixteen bytes. */
  readonly uniqueId: Uint8Array;
  /** Fields besides, by name; the ESP32 has none. */
  readonly others: Readonly<Record<string, number>>;
}
