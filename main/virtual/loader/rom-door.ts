import { romEdition } from '../rom-edition.ts';
import type { LoaderHost } from './host.ts';

/** The download door as the ROM found it when its loader started, and whether a fuse has shut it since. */
export class RomDoor {
  /** Secure download mode. */
  readonly secure: boolean;
  readonly #host: Pick<LoaderHost, 'kind' | 'revision' | 'efuse'>;

  constructor(host: Pick<LoaderHost, 'kind' | 'revision' | 'efuse'>) {
    this.#host = host;
    this.secure = this.#isSecure;
  }

  /**
   * Whether a fuse that shuts this door has come into force since then (recorded of a C3, run in the ROMs of C2, C5, C6, C61, H2 and P4; of
   * S2 and S3 inferred). ESP32 does not look before its next reset (recorded).
   */
  hasShut(): boolean {
    const { kind, revision, efuse } = this.#host;
    if (!romEdition(kind, revision).seesDoorShut) return false;
    return efuse.field('DIS_DOWNLOAD_MODE') === 1 || this.#isSecure !== this.secure;
  }

  get #isSecure(): boolean {
    return this.#host.efuse.field('ENABLE_SECURITY_DOWNLOAD') === 1;
  }
}
