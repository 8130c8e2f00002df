import { sha256Hex } from '../../../base/digest.ts';
import type { Ledger, StationAct } from '../../../ledger/ledger.ts';
import { RecipeFault } from '../../../model/fault.ts';
import type { Language } from '../../../words/languages.ts';
import { decides, type OperatorChange, type Operators } from './operators.ts';
import { mustBeTwoHands, proven, type Second } from './second.ts';

/** With so many custodians the first start is over: from then on they agree by two. */
const enoughCustodians = 2;

export interface PeopleParts {
  readonly operators: Operators;
  readonly ledger: Pick<Ledger, 'acts' | 'noteAct' | 'noteSession'>;
}

/**
 * Makes or changes a person, at the word of `by`, who was found to be a custodian. For whoever decides (`decides`), before or after the change, a second
 * custodian agrees with an own PIN, and neither of the two is the person concerned. Two exceptions: while the station has fewer than two
 * custodians the first start goes on, and the one there makes the others; and whoever decides may exchange an own PIN or badge, proving
 * the PIN. Who decides nothing is one custodian's business; where a second one agrees all the same, the PIN is nobody's alone (`wayIn`).
 * Booked before it is done. RecipeFault `people.two`, `people.second`, `people.one-hand`; those of `Operators`.
 */
export async function savePerson(
  parts: PeopleParts,
  change: OperatorChange,
  by: string,
  second: Second | null,
): Promise<void> {
  const { operators } = parts;
  const before = operators.find(change.id);
  const isWeighty = decides(change.roles) || decides(before?.roles ?? []);
  // what could not be done anyway is told before anybody is bothered
  await operators.judge(change);
  const isOwnPin =
    by === change.id && before !== null && sameRoles(before.roles, change.roles) && second?.id === change.id;
  if (isOwnPin) await provenOwn(parts, second);
  const who = isOwnPin ? [by] : await agreed(parts, isWeighty, change.id, by, second);
  await parts.ledger.noteAct({
    what: 'person-saved',
    by: who,
    about: change.id,
    detail: {
      name: change.name,
      roles: change.roles,
      rolesBefore: before?.roles ?? null,
      newPin: change.pin !== null,
      newBadge: change.badge !== null,
      ...(change.language !== undefined && { language: change.language }),
      firstStart: operators.custodians < enoughCustodians,
    },
  });
  await operators.save(change);
}

/** What a person chooses for themselves: the language in which the station speaks to them. It takes nobody else. Booked before it is done. */
export async function chooseLanguage(parts: PeopleParts, id: string, language: Language | null): Promise<void> {
  parts.operators.mustKnow(id);
  await parts.ledger.noteAct({ what: 'language-chosen', by: [id], about: id, detail: { language } });
  parts.operators.saveLanguage(id, language);
}

/** Forgets a person, by the same rule. */
export async function removePerson(parts: PeopleParts, id: string, by: string, second: Second | null): Promise<void> {
  const { operators } = parts;
  const before = operators.find(id);
  operators.judgeRemoval(id);
  const who = await agreed(parts, decides(before?.roles ?? []), id, by, second);
  await parts.ledger.noteAct({
    what: 'person-removed',
    by: who,
    about: id,
    detail: { roles: before?.roles ?? null, firstStart: operators.custodians < enoughCustodians },
  });
  operators.remove(id);
}

/** Gives a person a key for a credential file, by the same rule as a new PIN. Booked with the key's SHA-256, by which the ledger knows the file. */
export async function makeCredential(
  parts: PeopleParts,
  { id, key }: { readonly id: string; readonly key: string },
  by: string,
  second: Second | null,
): Promise<void> {
  parts.operators.mustKnow(id);
  const who = await agreed(parts, decides(parts.operators.find(id)?.roles ?? []), id, by, second);
  await parts.ledger.noteAct({ what: 'credential-made', by: who, about: id, detail: { fingerprint: sha256Hex(key) } });
  await parts.operators.saveKey(id, key);
}

/**
 * Two custodians on something of the station that is no person; one suffices while there is no second. RecipeFault `people.two`,
 * `people.second`, `people.one-hand`.
 */
export async function agreedByTwo(
  parts: PeopleParts,
  about: string,
  by: string,
  second: Second | null,
): Promise<readonly string[]> {
  if (parts.operators.custodians < enoughCustodians) return [by];
  if (second === null || second.id === by)
    throw new RecipeFault({
      code: 'people.two',
      what: `For the ${about} it takes two custodians.`,
      next: 'Let a second custodian type their name and PIN as well.',
    });
  await provenCustodian(parts, about, by, second);
  return [by, second.id];
}

async function agreed(
  parts: PeopleParts,
  isWeighty: boolean,
  about: string,
  by: string,
  second: Second | null,
): Promise<StationAct['by']> {
  if (parts.operators.custodians < enoughCustodians || (!isWeighty && second === null)) return [by];
  if (second === null || new Set([about, by, second.id]).size < 3)
    throw new RecipeFault({
      code: 'people.two',
      what: `To change ${about}, who decides here, takes two custodians, neither of them ${about}.`,
      next: 'Let a second custodian type their name and PIN as well.',
    });
  await provenCustodian(parts, about, by, second);
  return [by, second.id];
}

const custodian = ['custodian'] as const;

async function provenCustodian(parts: PeopleParts, about: string, by: string, second: Second): Promise<void> {
  const unfit = new RecipeFault({
    code: 'people.second',
    what: `${second.id} is no custodian.`,
    next: 'Ask one of those who keep the people of this station.',
  });
  await proven(parts, second, { roles: custodian, unfit, about });
  await mustBeTwoHands(parts.ledger, by, second.id);
}

/** The own PIN before it is exchanged. */
async function provenOwn(parts: PeopleParts, own: Second): Promise<void> {
  const roles = parts.operators.find(own.id)?.roles ?? [];
  const unfit = new RecipeFault({ code: 'people.second', what: `${own.id} is nobody here.`, next: 'Sign in again.' });
  await proven(parts, own, { roles, unfit, about: own.id });
}

function sameRoles(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((role) => b.includes(role));
}
