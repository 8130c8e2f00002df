// What a test has of a station and of whoever sits at it, however the page comes to the person.
import { join } from 'node:path';
import type { ConsoleMessage, Page } from 'playwright-core';
import type { Role } from '../../main/contract/contract.ts';
import type { Demonstration } from '../../main/start/open-desk.ts';
import { programFolder } from '../../main/start/program-folder.ts';
import type { DeskAnswers } from '../../main/station/desk/room.ts';
import type { Language } from '../../main/words/languages.ts';

/** Changes a recipe's text with the editor's own search. */
export async function replaceInText(page: Page, from: string, to: string): Promise<void> {
  const yaml = page.getByRole('textbox', { name: 'YAML' });
  await yaml.click();
  await yaml.press('ControlOrMeta+f');
  await page.getByRole('textbox', { name: 'Find' }).fill(from);
  await page.getByRole('textbox', { name: 'Replace' }).fill(to);
  await page.getByRole('button', { name: 'replace all' }).click();
  await page.getByRole('textbox', { name: 'Find' }).press('Escape');
}

/** Where screenshots go; not part of the project. */
export const resultsFolder = join(programFolder, 'test-results');

/** Longest wait for anything on the page, in ms: the machine may be busy with other tests. */
export const waitMs = 60_000;

/** The people of the station under test, its custodian first. Their PINs open nothing else. */
export const people: readonly { id: string; name: string; roles: Role[]; pin: string; badge: string }[] = [
  { id: 'cus-3', name: 'Custodian 3', roles: ['custodian', 'qa'], pin: '333300', badge: 'BADGE-CUS-0003' },
  { id: 'op-1', name: 'Operator 1', roles: ['operator'], pin: '1111', badge: 'BADGE-OP-0001' },
  { id: 'eng-2', name: 'Engineer 2', roles: ['engineer'], pin: '222200', badge: 'BADGE-ENG-0002' },
];

/** A station in a folder of its own. Without `empty` its people are there, and the example recipe is approved. */
export type BenchOptions = Demonstration & {
  readonly empty?: boolean;
  /** Text of its station file, for a browser's bench; left out: it has none. */
  readonly stationFile?: string;
};

export interface Bench {
  /** Where the station's data lies; it may read and write there, as whoever it runs. */
  readonly folder: string;
  /** What the station answers, asked from beside the page. */
  readonly answers: DeskAnswers;
  /** A window of its own, light or dark, at the size of a touch panel. */
  window(options?: WindowOptions): Promise<Seat>;
  /** Takes the station away from its pages; the function given back brings it back at the same place. Null: this seat has no such door. */
  readonly takeAway: (() => Promise<() => Promise<void>>) | null;
  close(): Promise<void>;
}

export interface WindowOptions {
  readonly scheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  /** Chosen at this seat before; left out: the station's. */
  readonly language?: Language;
}

export interface Seat {
  readonly page: Page;
  /** Errors of the page and of its policy, as they come. */
  readonly complaints: string[];
  /** Folder of this seat's screenshots. */
  readonly pictures: string;
  /** The bytes of the file that the page saves while this is done. */
  saved(act: () => Promise<unknown>): Promise<Uint8Array>;
  /** Whether no page can be opened beside it. */
  readonly isOnlyPage: boolean;
  /** The person leaves. */
  close(): Promise<void>;
}

export function hearComplaints(page: Page): { readonly complaints: string[]; stop(): void } {
  const complaints: string[] = [];
  const onError = (error: Error) => void complaints.push(String(error));
  const onConsole = (message: ConsoleMessage) => {
    if (message.type() === 'error' || message.text().includes('Content Security Policy'))
      complaints.push(message.text());
  };
  page.on('pageerror', onError);
  page.on('console', onConsole);
  return {
    complaints,
    stop() {
      page.off('pageerror', onError);
      page.off('console', onConsole);
    },
  };
}
