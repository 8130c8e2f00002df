// The section of a station file that names a broker of IPC-CFX.
import { z } from 'zod';

/** A broker that hears IPC-CFX over AMQP 1.0. */
export interface CfxConfig {
  readonly url: string;
  readonly ca: string | null;
  readonly user: string | null;
  readonly passwordFile: string | null;
  readonly handle: string;
  readonly address: string;
  readonly heartbeatSeconds: number;
}

export const cfxSection = z
  .strictObject({
    url: z
      .string()
      .regex(
        /^(amqps:\/\/([^\s/@?#:[\]]+|\[[0-9a-fA-F:]+\])|amqp:\/\/127(\.\d{1,3}){3}|amqp:\/\/\[::1\])(:\d{1,5})?\/?$/,
      )
      .describe(
        'amqps://HOST:PORT; amqp only to 127.x.x.x or [::1], on this computer. Never write a name or a password here.',
      ),
    ca: z.string().min(1).optional().describe('PEM file of the authority that signed its certificate.'),
    user: z.string().min(1).max(200).optional().describe('As whom the station signs in.'),
    password_file: z
      .string()
      .min(1)
      .optional()
      .describe('File with the password in one line, readable by the station alone.'),
    handle: z
      .string()
      .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){0,5}$/)
      .max(120)
      .describe('CFX handle of the station: Vendor.Model.SerialNumber.'),
    address: z
      .string()
      .min(1)
      .max(200)
      .describe('Queue, topic or exchange to which messages go, as the broker names it.'),
    heartbeat_seconds: z.int().min(5).max(3600).default(60).describe('Between two heartbeats.'),
  })
  .optional()
  .describe(
    'Broker that is told what becomes of each board as IPC-CFX over AMQP 1.0 (docs/factory.md). Left out: none. No board waits for it.',
  );

export function cfxOfSection(cfx: z.output<typeof cfxSection>, at: (path: string) => string): CfxConfig | null {
  if (cfx === undefined) return null;
  const {
    url,
    ca,
    user = null,
    password_file: passwordFile,
    handle,
    address,
    heartbeat_seconds: heartbeatSeconds,
  } = cfx;
  return {
    ...{ url, user, handle, address, heartbeatSeconds },
    ca: ca === undefined ? null : at(ca),
    passwordFile: passwordFile === undefined ? null : at(passwordFile),
  };
}
