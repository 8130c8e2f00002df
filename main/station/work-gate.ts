import type { Ledger } from '../ledger/ledger.ts';
import { RecipeFault } from '../model/fault.ts';
import type { PlcOfStation } from '../model/plc.ts';
import type { RecipeRef } from '../model/refs.ts';
import type { FixtureSpec } from './fixture.ts';

/** Who is known to the station, as far as work on real boards asks. */
export interface PeopleOfStation {
  find(id: string): { readonly roles: readonly string[] } | null;
  readonly custodians: number;
}

export interface WorkGateParts {
  readonly ledger: Pick<Ledger, 'recipeStates' | 'noteAct'>;
  readonly people: PeopleOfStation;
  /** The station file says that this station is for development. */
  readonly development: boolean;
  /** The token is the private one of the data folder, whose keys protect nothing; left out: it may protect something. */
  readonly embeddedToken?: boolean;
}

/** What of a job decides whether it may begin. */
export interface Work {
  readonly loaded: { readonly ref: RecipeRef };
  readonly fixtures: readonly FixtureSpec[];
  /** Who signed in for it, by id. */
  readonly operator: string | null;
}

/** Whose roles run the line, at whatever face. */
const runsTheLine = ['operator', 'engineer'];

/** Whether there can be nothing but a board in software behind an address. */
export function isVirtual(address: string): boolean {
  return address.startsWith('virtual:');
}

/**
 * Whether real boards may be touched, whichever face asks: by a person of this station who runs the line, with a recipe that was approved
 * in exactly this form (waivers of the run make another form of it), at a station with two custodians, so that whoever approved is not
 * whoever wrote. Virtual boards ask for nothing, unless the keys of a token that protects something would sign for them on a station that
 * knows people: such a board is a file, and what was signed lies in it. A station whose file says `development: true` asks for nothing either,
 * which the ledger then says of the work. RecipeFault `work.nobody`, `work.role`, `work.one-custodian`, `work.not-approved`.
 */
export async function admitWork(work: Work, parts: WorkGateParts): Promise<void> {
  const allVirtual = work.fixtures.every(({ address }) => isVirtual(address));
  if (allVirtual && !asksOfVirtual(parts)) return;
  const { ref } = work.loaded;
  if (parts.development) {
    await parts.ledger.noteAct({
      what: 'development-work',
      by: work.operator === null ? [] : [work.operator],
      about: ref.name,
      detail: { hash: ref.hash, fixtures: work.fixtures.map(({ name, address }) => `${name} ${address}`) },
    });
    return;
  }
  const refused =
    refusePerson(work.operator, parts.people) ??
    // an engineer may have anything signed (image sign)
    (allVirtual && parts.people.find(work.operator ?? '')?.roles.includes('engineer')
      ? null
      : refuseRecipe(ref, await parts.ledger.recipeStates()));
  if (refused !== null) throw refused;
}

/** Whether work on virtual boards alone is somebody's who is known: its signatures are real ones. */
export function asksOfVirtual({
  embeddedToken = true,
  people,
}: Pick<WorkGateParts, 'embeddedToken' | 'people'>): boolean {
  return !embeddedToken && people.custodians > 0;
}

/** Whether whoever began work on these fixtures may still do so: a start by a PLC is at this person's word. */
export function mayGoOn({ fixtures, operator }: Omit<Work, 'loaded'>, parts: Omit<WorkGateParts, 'ledger'>): boolean {
  if (parts.development || (fixtures.every(({ address }) => isVirtual(address)) && !asksOfVirtual(parts))) return true;
  return refusePerson(operator, parts.people) === null;
}

/**
 * A PLC moves the boards of its fixtures: nobody works on one of them where it is not told, which is anywhere but at the desk. RecipeFault
 * `work.beside-plc`.
 */
export function refuseBesidePlc(fixtures: readonly FixtureSpec[], plc: PlcOfStation | undefined): void {
  if (plc === undefined || plc.isLed) return;
  const its = fixtures.find((mine) =>
    plc.fixtures.some(({ name, address }) => name === mine.name || address === mine.address),
  );
  if (its === undefined) return;
  throw refusal(
    'work.beside-plc',
    `The PLC of this station moves the boards of fixture ${its.name}, and nothing would tell it that one is worked on.`,
    'Work at the desk (station desktop, or station browser), or take the fixture out of plc.fixtures in the station file first.',
  );
}

function refusePerson(operator: string | null, people: PeopleOfStation): RecipeFault | null {
  const person = operator === null ? null : people.find(operator);
  if (person === null)
    return refusal(
      'work.nobody',
      `Real boards are worked on by people whom the station knows${operator === null ? ', and nobody signed in' : `, and ${operator} is not one of them`}.`,
      'Sign in (in the terminal: --operator ID or --credential FILE); people are made under Station in the window. Virtual boards, and a station file with development: true, ask nobody.',
    );
  if (!person.roles.some((role) => runsTheLine.includes(role)))
    return refusal(
      'work.role',
      `${operator} may not run the line: it takes the role ${runsTheLine.join(' or ')}.`,
      'Let somebody who has it sign in.',
    );
  if (people.custodians >= 2) return null;
  return refusal(
    'work.one-custodian',
    'This station has one custodian alone, who could stand in for everybody else.',
    'Make a second custodian, who chooses an own PIN: Station, People.',
  );
}

function refuseRecipe(
  ref: RecipeRef,
  notes: Awaited<ReturnType<WorkGateParts['ledger']['recipeStates']>>,
): RecipeFault | null {
  const last = notes.findLast(({ recipe, rehearsal }) => recipe.hash === ref.hash && rehearsal?.passed !== false);
  if (last?.state === 'approved') return null;
  return refusal(
    'work.not-approved',
    `The recipe ${ref.name} with this firmware and these waivers is ${last === undefined ? 'not known to the ledger' : (stateWords[last.state] ?? last.state)}, and real boards get only what was approved.`,
    'Save it (Recipes, Save; or recipe submit FILE), rehearse it, and have another person approve it (Recipes, Approve; or recipe approve FILE).',
  );
}

const stateWords: Readonly<Record<string, string>> = {
  draft: 'a draft',
  rehearsed: 'rehearsed, not approved',
  retired: 'retired',
};

function refusal(code: string, what: string, next: string): RecipeFault {
  return new RecipeFault({ code, what, next, safety: 'untouched' });
}
