import { readFileSync } from 'node:fs';
import { givenWitness } from '../ledger/given-keys.ts';
import { RecipeFault } from '../model/fault.ts';
import { plantAddress } from './address.ts';
import { type PlantDoor, passwordIn } from './connect.ts';
import { roleOf, viewerRoleOf } from './roles.ts';

/** Where a station's plant is, as its file says. */
export interface PlantPlaces {
  readonly url: string;
  /** File; null: the authorities that this computer trusts. */
  readonly ca: string | null;
  readonly passwordFile: string | null;
}

/** The door of whoever looks at the whole plant from a station, read anew. Faults as `stationDoor`. */
export function viewerDoor(
  { url, ca }: PlantPlaces,
  viewer: { readonly name: string; readonly passwordFile: string | null },
): PlantDoor {
  return {
    ...{ address: plantAddress(url), user: viewerRoleOf(viewer.name), ca: ca === null ? null : authorityIn(ca) },
    password: viewer.passwordFile === null ? null : passwordIn(viewer.passwordFile),
  };
}

/** The door of a station, read anew. RecipeFault `plant.url`, `plant.ca`, `plant.password-file`. */
export function stationDoor({ url, ca, passwordFile }: PlantPlaces, station: string): PlantDoor {
  const address = plantAddress(url);
  return {
    ...{ address, user: address.user ?? roleOf(station), ca: ca === null ? null : authorityIn(ca) },
    password: passwordFile === null ? null : passwordIn(passwordFile),
  };
}

/** The verifier key of a witness, as `heads key` says it there. RecipeFault `plant.witness-key`. */
export function witnessKeyIn(file: string): string {
  try {
    const text = readFileSync(file, 'utf8').trim();
    givenWitness(text);
    return text;
  } catch (error) {
    throw new RecipeFault({
      code: 'plant.witness-key',
      what: `${file} cannot be read as the key of a witness.`,
      next: 'Name a file with the one line that heads key says at the witness.',
      cause: error,
    });
  }
}

/** PEM of an authority. RecipeFault `plant.ca`. */
export function authorityIn(file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  } catch (error) {
    throw noAuthority(file, error);
  }
  throw noAuthority(file);
}

function noAuthority(file: string, cause?: unknown): RecipeFault {
  return new RecipeFault({
    code: 'plant.ca',
    what: `${file} cannot be read as the certificate of an authority.`,
    next: "Name the PEM file of the authority that signed the plant's certificate.",
    cause,
  });
}
