// What the sections of a station file that name a broker have in common.
import { z } from 'zod';

/** How a broker is reached, and as whom. */
export interface BrokerConfig {
  readonly url: string;
  readonly ca: string | null;
  readonly user: string | null;
  readonly passwordFile: string | null;
}

/** The keys of a broker whose address begins with `scheme`, or with the same and an s for TLS. */
export const brokerKeys = (scheme: 'mqtt' | 'amqp') => ({
  url: z
    .string()
    .regex(
      new RegExp(
        `^(${scheme}s:\\/\\/([^\\s/@?#:[\\]]+|\\[[0-9a-fA-F:]+\\])|${scheme}:\\/\\/127(\\.\\d{1,3}){3}|${scheme}:\\/\\/\\[::1\\])(:\\d{1,5})?\\/?$`,
      ),
    )
    .describe(
      `${scheme}s://HOST:PORT; ${scheme} only to 127.x.x.x or [::1], on this computer. Never write a name or a password here.`,
    ),
  ca: z.string().min(1).optional().describe('PEM file of the authority that signed its certificate.'),
  user: z.string().min(1).max(200).optional().describe('As whom the station signs in.'),
  password_file: z
    .string()
    .min(1)
    .optional()
    .describe('File with the password in one line, readable by the station alone.'),
});

type Keys = z.output<z.ZodObject<ReturnType<typeof brokerKeys>>>;

/** `at`: where a file lies that the station file names. */
export function brokerOf(section: Keys, at: (path: string) => string): BrokerConfig {
  const { url, ca, user = null, password_file: file } = section;
  return { url, user, ca: ca === undefined ? null : at(ca), passwordFile: file === undefined ? null : at(file) };
}
