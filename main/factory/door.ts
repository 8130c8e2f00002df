import { readFileSync } from 'node:fs';
import { secretLineIn } from '../base/secret-line.ts';
import { factoryFile } from './faults.ts';
import type { PlcDoor } from './modbus-line.ts';
import type { Broker } from './mqtt-line.ts';
import type { FactoryDoor } from './post.ts';

/** Where the factory's system is, as the station file says. */
export interface MesPlaces {
  readonly url: string;
  /** File; null: the authorities that this computer trusts. */
  readonly ca: string | null;
  readonly tokenFile: string | null;
}

/** The door, read anew. RecipeFault `mes.ca`, `mes.token-file`. */
export function mesDoor({ url, ca, tokenFile }: MesPlaces): FactoryDoor {
  return {
    url: url.replace(/\/+$/, ''),
    ca: ca === null ? null : authorityIn(ca, 'mes.ca'),
    token: tokenFile === null ? null : secretIn(tokenFile, 'mes.token-file'),
  };
}

/** Where the broker is, as the station file says. */
export interface BrokerPlaces {
  /** `mqtts://HOST:PORT`, or `mqtt:` on this computer. */
  readonly url: string;
  readonly ca: string | null;
  readonly user: string | null;
  readonly passwordFile: string | null;
}

/** The broker, read anew. RecipeFault `mqtt.ca`, `mqtt.password-file`. */
export function brokerDoor(places: BrokerPlaces): Broker {
  return doorTo(places, [1883, 8883], {
    authority: (file) => authorityIn(file, 'mqtt.ca'),
    password: (file) => secretIn(file, 'mqtt.password-file'),
  });
}

/** The CFX broker, read anew: `amqps://HOST:PORT`, or `amqp:` on this computer. RecipeFault `cfx.ca`, `cfx.password-file`. */
export function cfxDoor(places: BrokerPlaces): Broker {
  return doorTo(places, [5672, 5671], {
    authority: (file) => authorityIn(file, 'cfx.ca'),
    password: (file) => secretIn(file, 'cfx.password-file'),
  });
}

function doorTo(
  { url, ca, user, passwordFile }: BrokerPlaces,
  [plain, secured]: readonly [plain: number, secured: number],
  read: { authority(file: string): string; password(file: string): string },
): Broker {
  const { protocol, host, port } = placeIn(url);
  const tls = protocol === 'mqtts:' || protocol === 'amqps:';
  return {
    ...{ host, port: port === '' ? (tls ? secured : plain) : Number(port), tls, user },
    ca: ca === null ? null : read.authority(ca),
    password: passwordFile === null ? null : read.password(passwordFile),
  };
}

export function plcDoor({ url, unit }: { readonly url: string; readonly unit: number }): PlcDoor {
  const { host, port } = placeIn(url);
  return { host, unit, port: port === '' ? 502 : Number(port) };
}

function placeIn(url: string): { protocol: string; host: string; port: string } {
  const { protocol, hostname, port } = new URL(url);
  return { protocol, port, host: hostname.replace(/^\[|\]$/g, '') };
}

function authorityIn(file: string, code: 'mes.ca' | 'mqtt.ca' | 'cfx.ca'): string {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw factoryFile(code, file, 'cannot be read', cause);
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw factoryFile(code, file, 'holds no certificate', undefined);
}

function secretIn(file: string, code: 'mes.token-file' | 'mqtt.password-file' | 'cfx.password-file'): string {
  try {
    return secretLineIn(file);
  } catch (cause) {
    throw factoryFile(code, file, (cause as Error).message, cause);
  }
}
