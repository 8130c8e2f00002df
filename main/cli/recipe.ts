import { connectBoard } from '../chip/connect.ts';
import { RecipeFault } from '../model/fault.ts';
import { flashParts } from '../model/flash-part.ts';
import { describeComponents, describeDifferences } from '../recipe/diff.ts';
import { blocks, type LoadedRecipe } from '../recipe/load.ts';
import { plannedRelease, type Release } from '../recipe/making/release.ts';
import { boardTimeOf } from '../recipe/plan/board-time.ts';
import { makePlan, planDigest } from '../recipe/plan/plan.ts';
import { planInput, planOnBlank } from '../recipe/plan/preview.ts';
import { rehearsalAddress } from '../recipe/plan/rehearsal-address.ts';
import { storagePreview } from '../recipe/plan/storage-preview.ts';
import type { Plan } from '../recipe/types.ts';
import { TokenRing } from '../signing/token-ring.ts';
import { refuseBoard } from '../station/admission.ts';
import { fingerprintWords } from '../station/desk/access/fingerprint.ts';
import {
  approverOf,
  noteDraft,
  noteRehearsed,
  noteState,
  notesOf,
  refuseApprover,
} from '../station/desk/library/approval.ts';
import { refuseSilicon } from '../station/product-gates.ts';
import { changeIn } from '../words/changes.ts';
import { type CliContext, type Exit, exit, type OpenOptions } from './context.ts';
import { planTold } from './plan-lines.ts';
import { provision } from './provision.ts';
import { makeMissingKeys, type RecipeOptions, readRecipe, requireRecipe } from './recipe-input.ts';
import { type SignInOptions, signIn } from './sign-in.ts';
import { wordsOf } from './words.ts';

export interface RecipeCommandOptions extends OpenOptions, RecipeOptions {
  readonly json?: boolean;
  readonly port?: string;
}

/** Every mistake of a recipe and its firmware, with line, reason and remedy. */
export function checkCommand(file: string, options: RecipeCommandOptions, context: CliContext): Exit {
  const { findings, components } = readRecipe(file, options, context);
  if (options.json) for (const finding of findings) context.streams.answer(JSON.stringify(finding));
  const errors = findings.filter(blocks).length;
  const warnings = findings.filter((finding) => finding.severity === 'warning' && finding.waived === null).length;
  const waived = findings.filter((finding) => finding.waived !== null).length;
  const words = wordsOf(context).terminal.recipe;
  const text = (errors > 0 ? words.refused : words.accepted)({ file, errors, warnings, waived });
  const parts =
    components === null
      ? []
      : [
          words.components({
            ...{ count: components.components.length, file: components.file },
            ...{ form: components.form, digest: components.sha256 },
          }),
        ];
  for (const line of [...parts, text]) {
    if (options.json) context.streams.say(line);
    else context.streams.answer(line);
  }
  return errors > 0 ? exit.badInput : exit.passed;
}

/** What would be done, every eFuse bit that would become 1 for ever, and the key-block map; on a blank chip, or on the one at a port. */
export async function planCommand(file: string, options: RecipeCommandOptions, context: CliContext): Promise<Exit> {
  const loaded = requireRecipe(file, options, context);
  const release = await releaseFor(loaded, options, context);
  const plan = options.port ? await planOnBoard(loaded, release, options.port, context) : planOnBlank(loaded, release);
  const times = flashParts.map((part) => boardTimeOf(plan, loaded, part));
  if (options.json)
    context.streams.answer(
      JSON.stringify({ digest: planDigest(plan), plan, storage: storagePreview(loaded.recipe), times }),
    );
  else for (const line of planTold(plan, loaded, times, context.streams.language)) context.streams.answer(line);
  return plan.burn.refusals.length > 0 ? exit.board : exit.passed;
}

/** What a plan needs of the token: which keys there are. Nothing is signed for it. */
async function releaseFor(loaded: LoadedRecipe, options: OpenOptions, context: CliContext): Promise<Release> {
  const { signer, embedded, openToken } = await context.openSigner(options);
  try {
    if (embedded) await makeMissingKeys(loaded.recipe, signer, context);
    await using tokens = new TokenRing(signer, openToken);
    return await plannedRelease(loaded, tokens);
  } finally {
    await signer.close();
  }
}

async function planOnBoard(
  loaded: LoadedRecipe,
  release: Release,
  address: string,
  context: CliContext,
): Promise<Plan> {
  const port = await context.openPort(address, { baudRate: 115200 });
  try {
    const board = await connectBoard(port, { clock: context.clock });
    const early = refuseBoard(loaded.recipe, board.identity, null);
    if (early) throw early;
    const { revision, mac } = board.identity;
    const snapshot = await board.readEfuses();
    const identity = { ...board.identity, revision: revision!, mac: mac! };
    const refused = await refuseSilicon(
      loaded,
      { board, identity, snapshot },
      { canReset: port.hasControlLines, usb: port.usb },
    );
    if (refused) throw refused;
    return makePlan({ ...planInput(loaded, release), snapshot, serial: null, identity });
  } finally {
    await port.close();
  }
}

/** The recipe on virtual silicon, with a ledger of its own that is thrown away: the whole chain, no hardware. */
export async function rehearseCommand(
  file: string,
  options: RecipeCommandOptions & { readonly count?: number },
  context: CliContext,
): Promise<Exit> {
  const loaded = requireRecipe(file, options, context);
  const temporary = context.temporaryFolder();
  const address = rehearsalAddress(loaded);
  try {
    context.streams.say(wordsOf(context).terminal.recipe.rehearsal({ address }));
    return await provision(
      {
        recipe: file,
        data: temporary.folder,
        port: Array.from({ length: options.count ?? 1 }, () => address),
        operator: 'rehearsal',
        rehearsal: true,
        ...(options.firmware ? { firmware: options.firmware } : {}),
        ...(options.waive ? { waive: options.waive } : {}),
        ...(options.json ? { json: true } : {}),
        ...(loaded.recipe.serial.from === 'scan' ? { serial: rehearsalSerials(loaded, options.count ?? 1) } : {}),
      },
      context,
    );
  } finally {
    temporary.remove();
  }
}

/**
 * A person says yes to exactly this recipe with this firmware: rehearsed first where the ledger knows of no rehearsal, then written to the
 * ledger's chain, where the desk finds it too. Faults: those of `refuseApprover` and of signing in.
 */
export async function approveCommand(
  file: string,
  options: RecipeCommandOptions & SignInOptions,
  context: CliContext,
): Promise<Exit> {
  const loaded = requireRecipe(file, options, context);
  const { name, revision, hash } = loaded.ref;
  const station = await context.openStation(options);
  const { ledger } = station.parts;
  let by = '';
  try {
    by = await signIn(ledger, options, ['engineer', 'custodian'], context);
    const unchangedSince = context.people(options).unchangedSince(by);
    const refusedNow = async () => {
      const notes = await notesOf(ledger, hash);
      return refuseApprover(name, loaded, notes, await approverOf(ledger, notes, by, unchangedSince));
    };
    let refused = await refusedNow();
    if (refused?.code === 'recipe.not-rehearsed') {
      const { json, ...words } = options;
      const status = await rehearseCommand(file, words, context);
      if (status !== exit.passed) return status;
      // what was rehearsed was read again
      if (requireRecipe(file, options, context).ref.hash !== hash) throw changedMeanwhile(file);
      await noteRehearsed(ledger, loaded, by);
      refused = await refusedNow();
    }
    if (refused !== null) throw refused;
    // where it was approved before, the ledger's word stands
    await noteState(ledger, loaded, 'approved', by);
    by = (await notesOf(ledger, hash)).at(-1)?.by ?? by;
  } finally {
    await station.close();
  }
  if (options.json) context.streams.answer(JSON.stringify({ type: 'approved', recipe: loaded.ref, by }));
  else {
    const words = fingerprintWords(hash);
    context.streams.answer(wordsOf(context).terminal.recipe.approved({ recipe: name, revision, words, by }));
  }
  return exit.passed;
}

function changedMeanwhile(file: string): RecipeFault {
  return new RecipeFault({
    code: 'recipe.changed',
    what: `${file} or its firmware changed while it was rehearsed.`,
    next: 'Look at it again, then approve.',
  });
}

/** An engineer answers for exactly this recipe with this firmware, as by saving it at the desk: the author, whom another person approves. */
export async function submitCommand(
  file: string,
  options: RecipeCommandOptions & SignInOptions,
  context: CliContext,
): Promise<Exit> {
  const loaded = requireRecipe(file, options, context);
  const { name, revision, hash } = loaded.ref;
  const station = await context.openStation(options);
  const { ledger } = station.parts;
  let author: string;
  try {
    const by = await signIn(ledger, options, ['engineer'], context);
    await noteDraft(ledger, loaded, by);
    author = (await notesOf(ledger, hash)).find(({ state }) => state === 'draft')?.by ?? by;
  } finally {
    await station.close();
  }
  if (options.json) context.streams.answer(JSON.stringify({ type: 'submitted', recipe: loaded.ref, by: author }));
  else {
    const words = fingerprintWords(hash);
    context.streams.answer(wordsOf(context).terminal.recipe.draft({ recipe: name, revision, words, by: author }));
  }
  return exit.passed;
}

/** Serials for a rehearsal: the pattern decides whether they fit, so a recipe whose pattern they miss has to be told. */
function rehearsalSerials(loaded: LoadedRecipe, count: number): string[] {
  return Array.from(
    { length: count },
    (_, at) => `${loaded.recipe.name.toUpperCase()}-${String(at + 1).padStart(4, '0')}`,
  );
}

/** Differences of two recipes in words. */
export function diffCommand(a: string, b: string, options: RecipeCommandOptions, context: CliContext): Exit {
  const [before, after] = [readRecipe(a, options, context), readRecipe(b, options, context)];
  if (before.recipe === null || after.recipe === null) {
    context.streams.say(wordsOf(context).terminal.recipe.unreadable);
    return exit.badInput;
  }
  const differences = [
    ...describeDifferences(before.recipe, after.recipe),
    ...describeComponents(before.components, after.components),
  ];
  if (options.json) context.streams.answer(JSON.stringify(differences));
  else if (differences.length === 0) context.streams.answer(wordsOf(context).terminal.recipe.alike);
  else
    for (const { path, change } of differences)
      context.streams.answer(`${path}: ${changeIn(wordsOf(context), change)}`);
  return exit.passed;
}
