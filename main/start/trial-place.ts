import type { PlantConfig } from '../config/station-file.ts';

/** By which `npm start -- --plant` tells what it starts of the plant for trying: JSON of a TrialPlace. */
const variable = 'FUSELINE_TRIAL_PLANT';

interface TrialPlace {
  /** Data folder of the one station that is let in: rehearsals, which have folders of their own, are no stations of it. */
  readonly data: string;
  readonly url: string;
}

export function tellTrialPlant(place: TrialPlace): void {
  process.env[variable] = JSON.stringify(place);
}

/** The plant for trying of the station of this name in this folder, where there is one. */
export function trialPlant(station: string, folder: string): PlantConfig | null {
  const told = process.env[variable];
  if (told === undefined) return null;
  const { data, url } = JSON.parse(told) as TrialPlace;
  if (data !== folder) return null;
  return { url, ca: null, passwordFile: null, viewer: { name: station, passwordFile: null }, witnesses: [] };
}
