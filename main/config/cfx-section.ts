// The section of a station file that names a broker of IPC-CFX.
import { z } from 'zod';
import { type BrokerConfig, brokerKeys, brokerOf } from './broker-section.ts';

/** A broker that hears IPC-CFX over AMQP 1.0. */
export interface CfxConfig extends BrokerConfig {
  readonly handle: string;
  readonly address: string;
  readonly heartbeatSeconds: number;
}

export const cfxSection = z
  .strictObject({
    ...brokerKeys('amqp'),
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
    heartbeat_seconds: z.int().min(5).max(300).default(60).describe('Between two heartbeats.'),
  })
  .optional()
  .describe(
    'Broker that is told what becomes of each board as IPC-CFX over AMQP 1.0 (docs/factory.md). Left out: none. No board waits for it.',
  );

export function cfxOfSection(cfx: z.output<typeof cfxSection>, at: (path: string) => string): CfxConfig | null {
  if (cfx === undefined) return null;
  const { handle, address, heartbeat_seconds: heartbeatSeconds } = cfx;
  return { ...brokerOf(cfx, at), handle, address, heartbeatSeconds };
}
