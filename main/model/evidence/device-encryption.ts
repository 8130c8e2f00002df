import { z } from 'zod';
import { changedFields } from './burns.ts';
import { define, defineBurn } from './define.ts';

/** The device makes its own flash key and encrypts its flash: what its bootloader, and an application of a release build, will burn. */
export const deviceEncryption = defineBurn({
  version: 1,
  schema: z.object({ purposes: z.array(z.string()), fields: changedFields }),
  text: ({ purposes }) => `${purposes.join(' and ')} and SPI_BOOT_CRYPT_CNT by the device itself`,
});

export const deviceEncryptionSeen = define({
  version: 1,
  schema: z.object({
    /** What the bootloader said of it. */
    lines: z.array(z.string()),
    /** What shows it. */
    by: z.enum(['eFuses', 'security info', 'its own word']),
    /** How the application had shut download mode by then; left out where it was open. */
    door: z.enum(['secure', 'disabled']).exactOptional(),
    nobodyHasTheKey: z.literal(true),
  }),
  text: ({ by }) => `the device has encrypted its flash, by ${by}; nobody has a copy of its key`,
});
