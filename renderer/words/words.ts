import { localeOf } from '../../main/words/catalogues.ts';
import { type Change, changeIn } from '../../main/words/changes.ts';
import { boardIn, byCode, faultIn, findingIn } from '../../main/words/faults.ts';
import type { Language } from '../../main/words/languages.ts';
import { saying } from '../../main/words/saying.ts';
import { answered, phraseIn, type Told } from '../../main/words/told.ts';
import { firstDayIn } from '../../main/words/weeks.ts';

let language: Language = 'en';
const said = saying(() => language);

/** The words of the page, in the language in use at the moment at which each is asked for. */
export const words = said.page;

/** From now on words come in this language; what is drawn has to be drawn again. */
export function speak(next: Language): void {
  language = next;
}

/** Dates, numbers and lists are written by this (BCP 47). */
export const locale = (): string => localeOf(language);

/** On which a week begins here, 1 Monday to 7 Sunday. */
export const firstDay = (): number => firstDayIn(language);

/** What the station answered. */
export const answerText = ({ message }: Told): string => answered(said.answers, message);

/** What a recipe asks for that the one approved last does not. */
export const changeText = (change: Change): string => changeIn(said, change);

/** A step of a plan. */
export const stepText = ({ title }: { readonly title: string }): string => phraseIn(said, 'steps', title);

/** What somebody did. */
export const deedText = (what: string): string => phraseIn(said, 'deeds', what);

/** Who approved a recipe: a person, or for examples the program. */
export const approverText = (name: string): string => phraseIn(said, 'names', name);

/** What holds the line up: one of a few things, or a step of the plan. */
export function bottleneckText(what: string): string {
  if (Object.hasOwn(said.page.throughput.bottlenecks, what))
    return words.throughput.bottlenecks[what as keyof typeof words.throughput.bottlenecks];
  return stepNamed(what);
}

/** A step by its id. */
export function stepNamed(id: string): string {
  return Object.hasOwn(said.steps, id) ? said.steps[id as keyof typeof said.steps] : id;
}

/** Whether the station's own words are those of the page. */
export const isOwn = (): boolean => language === 'en';

/** A fault for the people at the line; `isOwn`: in the station's own words, which know more. */
export function faultText(fault: { readonly code: string; readonly what: string; readonly next: string }) {
  const { what, next } = faultIn(language, fault);
  return { what, next, isOwn: what === fault.what };
}

/** What a check found; `isOwn`: in the station's own words, which know more. */
export function findingText(finding: { readonly check: string; readonly what: string; readonly remedy: string }) {
  const { what, remedy } = findingIn(language, finding);
  return { what, remedy, isOwn: what === finding.what };
}

/** Of a board that people stopped, which has no fault; null: there is one. */
const stopped = (code: string): string | null => (code === 'aborted' ? words.act.aborted : null);
/** Why boards did not pass, by the code of the fault; of one without a fault by its outcome. */
export const causeText = (code: string, what: string): string =>
  stopped(code) ?? faultIn(language, { code, what, next: '' }).what;

/** What a board in the recovery bay is; `isOwn`: in the station's own words, which know more. */
export function boardText(report: { readonly state: string; readonly what: string; readonly next: string }) {
  const { what, next } = boardIn(language, report);
  return { what, next, isOwn: what === report.what };
}

/** A recommendation or a section of the security guide; `isOwn`: as the guide's reader wrote it, in English. */
export function guideText(text: string) {
  const said = byCode(language, 'guide', text);
  return { said: said ?? text, isOwn: said === null };
}

/** What kind of entry of the ledger this is; null: its own words, which know more, are all there is. */
export const eventText = (kind: string): string | null => byCode(language, 'events', kind);

/** What a step does; null as before. */
export const stepMeans = (id: string): string | null => byCode(language, 'means', id);
