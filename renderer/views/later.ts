// The screens and dialogs that the first picture does without, as components that wait for their file.
import { type ComponentType, type LazyExoticComponent, lazy } from 'react';

type Screens = typeof import('./screens.ts');

/** How long after a failure the file is asked for again, in ms. */
const againMs = 1000;

/** Asked for again and again: the station may be away at the moment. */
async function fetchScreens(): Promise<Screens> {
  for (;;) {
    try {
      return await import('./screens.ts');
    } catch {
      await new Promise((resolve) => setTimeout(resolve, againMs));
    }
  }
}

let screens: Promise<Screens> | null = null;

/** Fetches the file, once. */
export function loadScreens(): Promise<Screens> {
  screens ??= fetchScreens();
  return screens;
}

function later<Name extends keyof Screens>(name: Name): LazyExoticComponent<Screens[Name]> {
  return lazy(async () => ({ default: (await loadScreens())[name] as Screens[Name] & ComponentType<unknown> }));
}

export const BatchesView = later('BatchesView');
export const CompareView = later('CompareView');
export const DevicesView = later('DevicesView');
export const FirstStart = later('FirstStart');
export const FixtureDetail = later('FixtureDetail');
export const GroupsView = later('GroupsView');
export const Help = later('Help');
export const PlantView = later('PlantView');
export const RecipesView = later('RecipesView');
export const RunsView = later('RunsView');
export const ShiftView = later('ShiftView');
export const SignIn = later('SignIn');
export const StartBatch = later('StartBatch');
export const StopBatch = later('StopBatch');
export const StationScreen = later('StationScreen');
export const ThroughputStrip = later('ThroughputStrip');
export const ThroughputView = later('ThroughputView');
