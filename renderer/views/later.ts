// The screens and dialogs that the first picture does without, as components that wait for their file.
import { type ComponentProps, type ComponentType, createElement, lazy, type ReactNode, useState } from 'react';

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
let loaded: Screens | null = null;

/** Fetches the file, once. */
export async function loadScreens(): Promise<Screens> {
  screens ??= fetchScreens();
  loaded = await screens;
  return loaded;
}

/**
 * Where the file is there already, the screen itself: what React once waited for, if only for a moment, it holds back until 300 ms have passed
 * since it last drew a fallback (react-dom, FALLBACK_THROTTLE_MS), so that every first visit took as long. Which of the two stays for as long as the
 * screen is open.
 */
function later<Name extends keyof Screens>(name: Name): (props: ComponentProps<Screens[Name]>) => ReactNode {
  const awaited: ComponentType = lazy(async () => ({ default: (await loadScreens())[name] as ComponentType }));
  return (props) => {
    const [Screen] = useState(() => (loaded?.[name] ?? awaited) as ComponentType);
    return createElement(Screen, props as object);
  };
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
