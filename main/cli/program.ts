import { Argument, Command, CommanderError, InvalidArgumentError } from 'commander';
import { chipKinds } from '../model/chip.ts';
import { faultOf } from '../model/fault.ts';
import { languageFor, languages } from '../words/languages.ts';
import { type CommandNode, treeOf } from './command-tree.ts';
import { completionCommand, shells } from './completion.ts';
import { type CliContext, type Exit, exit } from './context.ts';
import type { Must } from './help.ts';

// A command is loaded by who asks for it: each start would else pay for all of them.
const audit = () => import('./audit.ts');
const cert = () => import('./cert.ts');
const certificate = () => import('./certificate.ts');
const clock = () => import('./clock.ts');
const device = () => import('./device.ts');
const escrow = () => import('./escrow.ts');
const heads = () => import('./heads.ts');
const image = () => import('./image.ts');
const ledgerCopies = () => import('./ledger-copies.ts');
const nvs = () => import('./nvs.ts');
const order = () => import('./order.ts');
const people = () => import('./people.ts');
const recipe = () => import('./recipe.ts');
const records = () => import('./records.ts');
const release = () => import('./release.ts');
const token = () => import('./token.ts');

const gather = (value: string, before: readonly string[] = []) => [...before, value];

/** Refuses a value of the command line, by the name of what it must be. */
function held<T>(value: T | null, must: Must): T {
  if (value === null) throw new InvalidArgumentError(must);
  return value;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  return held(Number.isSafeInteger(value) && value >= 1 ? value : null, 'wholeNumber');
}

function seconds(text: string): number {
  const value = Number(text);
  return held(Number.isFinite(value) && value > 0 ? value : null, 'seconds');
}

const languageTag = (text: string): string => held(languageFor([text]), 'language');

/** The language that a command line asks for; null: none, or one that nobody speaks here. */
export function languageAsked(argv: readonly string[]) {
  const at = argv.findIndex((word) => word === '--language' || word.startsWith('--language='));
  return at < 0 ? null : languageFor([argv[at]!.split('=')[1] ?? argv[at + 1] ?? '']);
}

/**
 * Carries out one command line (without node and script) and gives its exit status. Faults are told on stderr, with --json also as one
 * object on stdout; nothing is thrown.
 */
export async function runCommand(argv: readonly string[], context: CliContext): Promise<Exit> {
  const json = argv.includes('--json');
  const chosen = languageAsked(argv);
  const { streams } = context;
  const speaking = chosen === null ? context : { ...context, streams: { ...streams, language: chosen } };
  let status: Exit = exit.passed;
  const program = buildProgram(speaking, (outcome) => {
    status = outcome;
  });
  const { language = 'en' } = speaking.streams;
  if (language !== 'en') (await import('./help.ts')).speakHelp(program, language);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exit.passed;
      const { usageLines } = await import('./help.ts');
      for (const line of usageLines(error, speaking.streams.language)) streams.say(line);
      return exit.badInput;
    }
    const { exitOf, faultLines } = await import('./words.ts');
    const fault = faultOf(error);
    for (const line of faultLines(fault, speaking.streams.language)) context.streams.say(line);
    if (json) context.streams.answer(JSON.stringify({ type: 'fault', ...fault.toJSON() }));
    if (fault.faultClass === 'program' && fault.cause instanceof Error) context.streams.say(fault.cause.stack ?? '');
    return exitOf(fault);
  }
}

/** The commands as they are made, in English, to be looked at. */
// (nothing of a context is touched before a command is carried out)
export const commandsMade = (): Command => buildProgram({ version: '' } as CliContext, () => undefined);

/** All that the terminal understands, in English. */
export const commandTree = (): CommandNode => treeOf(commandsMade());

function buildProgram(context: CliContext, ended: (status: Exit) => void): Command {
  const program = new Command('fuseline')
    .description(
      'A factory line station for Espressif devices: from a bare board to a sealed device, with an audit record.',
    )
    .version(context.version)
    .option(
      '--language <tag>',
      `language for people (${languages.join(', ')}; left out: that of the environment)`,
      languageTag,
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.streams.answer(text.trimEnd()),
      writeErr: (text) => context.streams.say(text.trimEnd()),
      // what is wrong is said where it arrives (runCommand)
      outputError: () => undefined,
    });
  const end =
    <A extends unknown[]>(work: (...values: A) => Exit | Promise<Exit>) =>
    async (...values: A) =>
      ended(await work(...values));
  /** A command with the options that all share. */
  const command = (parent: Command, usage: string, description: string) =>
    parent
      .command(usage)
      .description(description)
      .option('--data <dir>', 'where ledger, token store and work files lie')
      .option('--station <file>', 'station file (default: station.yaml in the data folder, if there is one)')
      .option('--json', 'one JSON object a line on stdout; words for people on stderr');
  /** Of commands at the word of a person. */
  const withPerson = (target: Command) =>
    target
      .option('--by <id>', 'who asks; the PIN is asked for')
      .option('--credential <file>', 'who asks, by a file of people credential: for scripts');
  const withFirmware = (target: Command) =>
    target
      .option('--firmware <folder>', "an ESP-IDF build folder in place of the recipe's own")
      .option('--waive <check=reason>', 'let a check go, with the reason; repeatable', gather);

  withFirmware(command(program, 'provision', 'provision boards on many fixtures at once'))
    .requiredOption('--recipe <file>', 'what the boards must become')
    .option(
      '--port <port>',
      'a fixture: /dev/ttyUSB0, COM7, usb:1-2.3, socket://host:port, rfc2217://host:port, virtual:esp32p4; repeatable',
      gather,
    )
    .option('--count <n>', 'boards in all (default: one a fixture)', wholeNumber)
    .option('--operator <id>', 'who works here; for real boards the PIN is asked for')
    .option('--credential <file>', 'who works here, by a file of people credential: for scripts')
    .option('--order <id>', 'the order this batch belongs to')
    .option('--serial <serial>', 'serial number of the next board; repeatable', gather)
    .option(
      '--device <mac>',
      'the one board in the fixture, by MAC or serial number: for a shut board that waits for its seal',
    )
    .option('--reset-by-operator', 'a person resets boards whose port cannot')
    .action(end(async (options) => (await import('./provision.ts')).provision(options, context)));

  const devices = program.command('device').description('one board at a port');
  command(devices, 'inspect', 'identity, security state, decoded eFuses; read only')
    .requiredOption('--port <port>', 'where the board is')
    .option('--token', "its eFuses as espefuse's token alone, without what may be a secret")
    .action(end(async (options) => (await device()).inspect(options, context)));
  command(devices, 'verify', 'the board against its sealed record')
    .requiredOption('--port <port>', 'where the board is')
    .option('--serial <serial>', 'whose record it must be')
    .option('--reset-by-operator', 'a person resets the board whose port cannot')
    .action(end(async (options) => (await device()).verify(options, context)));

  command(devices, 'ports', 'the serial ports of this computer, by the USB places that fixtures are named by')
    .option('--watch', 'tell what is plugged in and out, until Ctrl-C')
    // the native part of serial ports is loaded only by those who use it
    .action(end(async (options) => (await import('./ports.ts')).portsCommand(options, context)));

  withFirmware(
    command(
      program,
      'recover',
      'any board: what it is, what is burned and by whom, what is missing; nothing is burned',
    ),
  )
    .requiredOption('--port <port>', 'where the board is')
    .option('--device <mac>', 'which board it is, by MAC or serial number, where it cannot say so itself')
    .option('--recipe <file>', 'what it is to be finished as (default: the recipe that began it, where it stands here)')
    .option('--finish', 'finish it where that can be done, as an insertion would')
    .option('--operator <id>', 'who works here, with --finish')
    .option('--credential <file>', 'who works here, by a file of people credential: for scripts')
    .option('--reset-by-operator', 'a person resets the board whose port cannot')
    .action(end(async (options) => (await import('./recover.ts')).recover(options, context)));

  command(program, 'simulate', 'how many fixtures one person keeps busy, worked out')
    .option('--seconds <n>', 'time of a board in its fixture (default: as the last boards of the ledger)', seconds)
    .option('--recipe <name>', 'of the ledger only boards of this recipe')
    .option('--hands <n>', 'seconds to take a board out and put the next one in (default: 6)', seconds)
    .option('--fixtures <n>', 'up to so many fixtures (default: 32)', wholeNumber)
    .action(end(async (options) => (await import('./simulate.ts')).simulate(options, context)));

  const boards = program.command('board').description('boards that are half done: what two people decide of them');
  for (const [what, description] of [
    ['condemn', 'it shall never become a product: its wrapped keys go'],
    ['release', 'free for another recipe, as far as its eFuses allow: what was begun is ended, its wrapped keys go'],
  ] as const)
    withPerson(command(boards, `${what} <device>`, description))
      .option('--second <id>', 'the second person; the PIN is asked for')
      .requiredOption('--reason <text>', 'why')
      .action(end(async (id, options) => (await import('./board.ts')).boardAct(what, id, options, context)));

  const recipes = program.command('recipe').description('what a product must become');
  withFirmware(command(recipes, 'check <file>', 'every mistake, with line, reason and remedy'))
    .option('--verbose', 'notes too: what the guide advises beyond')
    .action(end(async (file, options) => (await recipe()).checkCommand(file, options, context)));
  withFirmware(command(recipes, 'plan <file>', 'what would be done, and every eFuse bit that would become 1 for ever'))
    .option('--port <port>', 'plan for the board there instead of a blank one')
    .action(end(async (file, options) => (await recipe()).planCommand(file, options, context)));
  withFirmware(
    command(recipes, 'assurance <file>', 'what its devices will show of each recommendation of the security guide'),
  ).action(end(async (file, options) => (await import('./assurance.ts')).assuranceCommand(file, options, context)));
  withFirmware(command(recipes, 'rehearse <file>', 'the whole chain on virtual silicon; nothing is kept'))
    .option('--count <n>', 'virtual boards', wholeNumber)
    .action(end(async (file, options) => (await recipe()).rehearseCommand(file, options, context)));
  withPerson(
    withFirmware(command(recipes, 'submit <file>', 'answers for exactly this recipe and firmware, as its author')),
  ).action(end(async (file, options) => (await recipe()).submitCommand(file, options, context)));
  withPerson(
    withFirmware(
      command(recipes, 'approve <file>', 'says yes to exactly this recipe and firmware; never by its author'),
    ),
  ).action(end(async (file, options) => (await recipe()).approveCommand(file, options, context)));
  command(recipes, 'diff <a> <b>', 'what the second asks for that the first does not').action(
    end(async (a, b, options) => (await recipe()).diffCommand(a, b, options, context)),
  );

  const persons = program.command('people').description('who is known to the station; people are made in the window');
  command(persons, 'list', 'their names and roles').action(
    end(async (options) => (await people()).peopleList(options, context)),
  );
  withPerson(command(persons, 'credential <id>', 'a file by which a script signs in as this person'))
    .option('--second <id>', 'the second custodian, where it takes two; the PIN is asked for')
    .requiredOption('--out <file>', 'a new file, for its owner alone')
    .action(end(async (id, options) => (await people()).peopleCredential(id, options, context)));

  const clocks = program.command('clock').description("the computer's clock, by which everything is dated");
  withPerson(
    command(
      clocks,
      'accept',
      'says that the clock is right, and that later entries of the ledger were made while it stood ahead',
    ),
  )
    .option('--second <id>', 'the other custodian')
    .requiredOption('--reason <text>', 'why it stood ahead')
    .action(end(async (options) => (await clock()).clockAccept(options, context)));

  const tokens = program.command('token').description('the PKCS#11 token (HSM)');
  withPerson(command(tokens, 'init', 'opens the token; makes the private one, and the keys of a recipe'))
    .option('--recipe <file>', 'make the keys that this recipe names and the token lacks')
    .action(end(async (options) => (await token()).tokenInit(options, context)));
  command(tokens, 'status', 'which token, and whether it signs').action(
    end(async (options) => (await token()).tokenStatus(options, context)),
  );
  withPerson(command(tokens, 'keys', 'the keys in it'))
    .option('--make <algorithm>', 'make a key: rsa-3072, ecdsa-p256, ecdsa-p384, ed25519, aes-256')
    .option('--label <name>', 'its label')
    .option('--use <use>', 'secure-boot, device-ca, wrapping')
    .action(end(async (options) => (await token()).tokenKeys(options, context)));
  withPerson(
    command(
      tokens,
      'accept',
      'says that the token in place is the right one: another, or with other keys, than the ledger knows',
    ),
  )
    .option('--second <id>', 'the other custodian')
    .requiredOption('--reason <text>', 'what became of the known one')
    .action(end(async (options) => (await token()).tokenAccept(options, context)));
  command(tokens, 'random', "bytes of the token's generator, as hex")
    .option('--bytes <n>', 'how many', wholeNumber, 32)
    .action(end(async (options) => (await token()).tokenRandom(options.bytes, options, context)));
  withPerson(command(tokens, 'certificate', 'a self-signed certificate of the device CA that a recipe names'))
    .requiredOption('--recipe <file>', 'whose issuer it is')
    .option('--csr', "the request for one instead, for a company's own PKI")
    .option('--out <file>', 'write it there instead of stdout')
    .action(end(async (options) => (await token()).tokenCertificate(options, context)));

  const images = program.command('image').description('one file, as the station does it, with keys in the token');
  withPerson(command(images, 'sign <file>', 'signs a bootloader or application'))
    .option('--key <label>', 'token key; repeatable', gather)
    .requiredOption('--out <file>', 'where to write it')
    .action(end(async (file, options) => (await image()).signCommand(file, options, context)));
  withPerson(
    command(images, 'encrypt <file>', 'flash encryption for one flash offset, under a key that the token wraps'),
  )
    .requiredOption('--offset <address>', 'flash offset, a multiple of 16')
    .option('--cipher <name>', 'as flash_encryption.key of a recipe; aes-256 for the classic ESP32', 'xts-aes-256')
    .option('--key <label>', 'wrapping key of the token', gather)
    .option('--wrapped-key <file>', 'JSON of a wrapped key; without it a new key is made and its wrapped form printed')
    .requiredOption('--out <file>', 'where to write it')
    .action(end(async (file, options) => (await image()).encryptCommand(file, options, context)));
  command(images, 'inspect <file>', 'what a file is').action(
    end(async (file, options) => (await image()).inspectCommand(file, options, context)),
  );

  command(images, 'encrypt-ota <file>', 'pre-encrypts an update image as the component esp_encrypted_img opens it')
    .requiredOption('--public-key <file>', "the devices' key, PEM or DER: RSA-3072, or P-256 of one device")
    .requiredOption('--out <file>', 'where to write it')
    .action(end(async (file, options) => (await image()).encryptOtaCommand(file, options, context)));

  const releases = program.command('release').description('firmware for updates over the air');
  withPerson(
    withFirmware(
      command(releases, 'build', 'a folder with signed, and encrypted, update images and a signed manifest'),
    ),
  )
    .requiredOption('--recipe <file>', 'what is released')
    .requiredOption('--out <folder>', 'a new folder')
    .option('--device <id>', 'MAC or serial of a device with a key of its own; repeatable', gather)
    .option(
      '--after <folder>',
      'an earlier release that must not be undercut (those beside --out count anyway)',
      gather,
    )
    .action(end(async (options) => (await release()).releaseBuild(options, context)));
  command(releases, 'verify <folder>', 'whether a release is as it was written')
    .option('--key <file>', 'public key that must have signed it')
    .action(end(async (folder, options) => (await release()).releaseVerify(folder, options, context)));

  const stores = program.command('nvs').description('NVS partitions: typed values for the firmware');
  withPerson(command(stores, 'build <csv>', 'from a CSV (key,type,encoding,value), in clear or encrypted'))
    .requiredOption('--size <bytes>', 'size of the partition, as 0x6000 or 24K')
    .option('--keys <file>', 'encrypt: JSON of a wrapped key (32 bytes of an HMAC key block, or 64 of the NVS keys)')
    .option('--new-key', 'encrypt under a new HMAC key, whose wrapped form is printed')
    .option('--key <label>', 'wrapping key of the token')
    .option(
      '--values <file>',
      'a partition for each line of values; the CSV then is key,type,encoding[,REPEAT], --out a folder',
    )
    .requiredOption('--out <file>', 'where to write it')
    .action(end(async (file, options) => (await nvs()).nvsBuildCommand(file, options, context)));
  withPerson(command(stores, 'show <file>', 'what an NVS partition holds'))
    .option('--keys <file>', 'decrypt: JSON of a wrapped key')
    .option('--key <label>', 'wrapping key of the token')
    .option('--show-values', 'show the values too')
    .action(end(async (file, options) => (await nvs()).nvsShowCommand(file, options, context)));

  const certs = program.command('cert').description('esp_secure_cert partitions: certificates and key entries');
  withPerson(command(certs, 'build', 'from certificates; keys lie in eFuse'))
    .option('--device <file>', 'device certificate, PEM or DER')
    .option('--ca <file>', 'CA certificate, PEM or DER')
    .option('--ecdsa-key-id <id>', 'the device key is in this key block, 0 to 5, for the ECDSA peripheral')
    .option('--ds-data <file>', 'esp_ds_data_t for the RSA DS peripheral')
    .option('--ds-context <file>', 'its context')
    .option('--from <file>', 'take over the entries of an earlier partition')
    .option(
      '--rsa <kind>',
      'make an RSA key for the DS peripheral: rsa-2048, rsa-3072, rsa-4096; only its parameters stay',
    )
    .option('--chip <kind>', 'chip of the DS peripheral')
    .option('--ds-key-id <id>', 'its HMAC key is in this key block, 0 to 5')
    .option('--subject <name>', "subject of the RSA key's request, as CN=device 1,O=Example")
    .option('--csr <file>', "where to write the RSA key's certificate request")
    .option('--keys <file>', 'JSON of the wrapped HMAC key')
    .option('--new-key', 'a new HMAC key, whose wrapped form is printed')
    .option('--key <label>', 'wrapping key of the token')
    .option('--tlv <type=file>', 'any other entry, as 51=calibration.bin or 51.1=more.bin; repeatable', gather)
    .option('--integrity', 'with the digest of all entries behind them')
    .option('--size <bytes>', 'fill up to the size of the partition')
    .requiredOption('--out <file>', 'where to write it')
    .action(end(async (options) => (await cert()).certBuildCommand(options, context)));
  withPerson(command(certs, 'show <file>', 'the entries of a partition'))
    .option('--keys <file>', 'open its DS parameters: JSON of the wrapped HMAC key')
    .option('--chip <kind>', 'chip of the DS peripheral')
    .option('--key <label>', 'wrapping key of the token')
    .action(end(async (file, options) => (await cert()).certShowCommand(file, options, context)));

  const books = program.command('ledger').description('copies of the ledger');
  command(books, 'backup', 'a checked copy, also while a station writes')
    .requiredOption('--out <file>', 'a new file, for its owner alone')
    .action(end(async (options) => (await ledgerCopies()).backup(options, context)));
  command(books, 'restore <backup>', 'puts a backup in the place of the ledger; the old one stays beside it')
    .option('--by <id>', 'a custodian; the PIN is asked for')
    .option('--second <id>', 'the other custodian')
    .action(end(async (backup, options) => (await ledgerCopies()).restore(backup, options, context)));
  command(books, 'archive', 'a folder that can be read and checked after years, without this program')
    .requiredOption('--out <folder>', 'a new folder')
    .action(end(async (options) => (await import('./archive.ts')).ledgerArchive(options, context)));
  command(books, 'export', 'devices or tries as a table, for programs of analysis')
    .option('--table <table>', 'devices (as sealed) or runs (every try)', 'devices')
    .option('--as <form>', 'csv or parquet', 'csv')
    .requiredOption('--out <file>', 'a new file')
    .action(end(async (options) => (await import('./archive.ts')).ledgerExport(options, context)));
  // the driver of PostgreSQL is loaded only by those who use it
  const leases = () => import('./lease.ts');
  const orders = program
    .command('order')
    .description('work orders that their owner signs: no board is made beyond them');
  /** Of commands that sign: by the token, or by a file. */
  const withSigning = (target: Command) =>
    withPerson(target)
      .option('--key <label>', "an ecdsa-p256 key of the station's token")
      .option('--key-file <file>', 'a private P-256 key (PEM); its passphrase is asked for');
  command(orders, 'ask', 'what the owner of an order has to know of this station and its ledger')
    .option('--out <file>', 'a new file in place of stdout')
    .action(end(async (options) => (await order()).orderAsk(options, context)));
  withSigning(
    withFirmware(command(orders, 'sign <order>', 'signs an order: so many boards of one recipe, at these stations')),
  )
    .requiredOption('--recipe <file>', 'what the boards must become')
    .requiredOption('--boards <n>', 'boards in all', wholeNumber)
    .requiredOption('--expires <date>', 'the last day, or a time')
    .requiredOption(
      '--for <file[=boards]>',
      "a station's answer to order ask, and its share; without one it gets leases; repeatable",
      gather,
    )
    .option('--mac <range>', 'espressif, 60:55:f9, one MAC or first..last; repeatable (default: any)', gather)
    .option('--serials <first>', 'the first of the serial numbers that exist, as SN-00001')
    .option('--leases <file>', 'public key of who gives leases of it')
    .requiredOption('--out <file>', 'a new file; at a station it is called ORDER.order')
    .action(end(async (name, options) => (await order()).orderSign(name, options, context)));
  command(orders, 'give-back <order>', 'gives back what this station has by leases and no board has').action(
    end(async (name, options) => (await leases()).orderGiveBack(name, options, context)),
  );
  command(orders, 'show <file>', 'what an order says, if its signature holds')
    .requiredOption('--key <file>', 'public key of its owner, from elsewhere')
    .action(end(async (file, options) => (await order()).orderShow(file, options, context)));
  // the driver of PostgreSQL is loaded only by those who use it
  const plant = () => import('./plant.ts');
  const plants = program.command('plant').description('the ledgers of many stations in one PostgreSQL');
  const asOwner = (usage: string, description: string) =>
    plants
      .command(usage)
      .description(description)
      .requiredOption('--url <url>', 'postgres://USER@HOST:PORT/DATABASE of its owner, without a password')
      .option('--ca <file>', "PEM of the authority that signed the server's certificate")
      .option('--password-file <file>', "with the owner's password; left out where the server wants none (a socket)")
      .option('--json', 'one JSON object a line on stdout; words for people on stderr');
  asOwner('init', 'makes the tables of a plant in an empty database, or brings them up to date').action(
    end(async (options) => (await plant()).plantInit(options, context)),
  );
  asOwner('enroll <station>', 'lets a station in: its role, with a new password')
    .requiredOption('--out <file>', 'a new file for the password, for its owner alone')
    .option('--witness', 'it may also witness the heads of the others; left out: it may not any more')
    .action(end(async (name, options) => (await plant()).plantEnroll(name, options, context)));
  asOwner(
    'viewer <name>',
    "lets a station's window show the whole plant: a role that reads and changes nothing, with a new password",
  )
    .requiredOption('--out <file>', 'a new file for the password, for its owner alone')
    .action(end(async (name, options) => (await plant()).plantViewer(name, options, context)));
  asOwner('status', 'its stations, how far each is, when it was heard, and open conflicts').action(
    end(async (options) => (await plant()).plantStatusCommand(options, context)),
  );
  withSigning(
    asOwner('lease <order>', "gives a station places of a signed order, for some days; ORDER is the order's file"),
  )
    .requiredOption('--owner <file>', "public key of the order's owner, from elsewhere")
    .requiredOption('--for <station>', 'who gets them')
    .requiredOption('--boards <n>', 'how many, at most', wholeNumber)
    .option('--days <n>', 'for so many days', wholeNumber, 7)
    .requiredOption(
      '--kept <folder>',
      'where each lease is kept, beside the database, which may be put back to an older backup',
    )
    .option('--data <dir>', 'where ledger, token store and work files lie')
    .option('--station <file>', 'station file (default: station.yaml in the data folder, if there is one)')
    .action(end(async (file, options) => (await leases()).plantLease(file, options, context)));
  asOwner('verify', 'reads every row of every station anew and recomputes chains and signed heads')
    .option('--key <station=file>', 'public key of the heads of a station, from elsewhere; repeatable', gather)
    .action(end(async (options) => (await plant()).plantVerify(options, context)));
  asOwner('settle <conflict>', 'says that somebody has seen to a conflict: it stays, and is no alarm any more')
    .requiredOption('--by <id>', 'who says so')
    .requiredOption('--reason <text>', 'why')
    .action(end(async (id, options) => (await plant()).plantSettle(id, options, context)));
  withPerson(
    command(
      plants,
      'witness',
      'cosigns the newest head of each other station that the plant has, and leaves it there for it',
    ),
  )
    .option(
      '--key <station=file>',
      'public key of the heads of a station, from elsewhere, the first time; repeatable',
      gather,
    )
    .option('--every <minutes>', 'again and again, until Ctrl-C', wholeNumber)
    .action(end(async (options) => (await import('./plant-witness.ts')).plantWitness(options, context)));
  command(
    plants,
    'forward',
    'sends what the plant does not have of the ledger yet, and ends; an open station does so by itself',
  ).action(end(async (options) => (await plant()).plantForward(options, context)));
  const systems = program.command('mes').description("the factory's own system, and what it did not take");
  const mes = () => import('./mes.ts');
  command(systems, 'results', 'results that it refused, and those that wait').action(
    end(async (options) => (await mes()).mesResults(options, context)),
  );
  withPerson(
    command(
      systems,
      'settle <run>',
      'says that somebody has seen to a result that it refused, or that is not to be told',
    ),
  )
    .requiredOption('--reason <text>', 'what was found out')
    .action(end(async (run, options) => (await mes()).mesSettle(run, options, context)));
  const audits = program.command('audit').description('the ledger');
  const asking = (target: Command) =>
    target
      .option(
        '--text <text>',
        'MAC, serial, batch, recipe, certificate, operator or a SHA-256 of a key or image begins with this',
      )
      .option(
        '--component <name>',
        'whose firmware has this component by the SBOM of its build: mbedtls, mbedtls@3.6.4, "mbedtls@>=3.0 <3.6.4", a package URL, a CPE',
      )
      .option('--advisory <id>', 'that an advisory concerns: one that this program knows, or a file of your own')
      .option('--batch <id>', 'of one batch')
      .option('--outcome <outcome>', 'passed, failed, refused, errored, aborted, sealed, open')
      .option('--from <date>', 'from this date on')
      .option('--to <date>', 'up to this date');
  asking(command(audits, 'list', 'devices, newest first'))
    .option('--question <name>', 'by a question that this station keeps (audit save)')
    .option('--limit <n>', 'at most so many', wholeNumber)
    .action(end(async (options) => (await audit()).auditList(options, context)));
  asking(withPerson(command(audits, 'save <name>', 'keeps a question of audit list under a name, also for the desk')))
    .option('--remove', 'keeps it no more')
    .action(end(async (name, options) => (await audit()).auditSave(name, options, context)));
  command(audits, 'questions', 'the questions that this station keeps').action(
    end(async (options) => (await audit()).auditQuestions(options, context)),
  );
  command(audits, 'show <device>', 'the history of one device, by MAC or serial').action(
    end(async (id, options) => (await audit()).auditShow(id, options, context)),
  );
  command(audits, 'runs', 'every try, newest first, also at boards that told no MAC')
    .option('--text <text>', 'fixture, person, recipe, serial, MAC or fault code with this in it')
    .option('--order <order>', 'of one order')
    .option('--batch <id>', 'of one batch')
    .option('--fixture <name>', 'in one fixture')
    .option('--operator <id>', 'of one person')
    .option('--recipe <name>', 'of one recipe')
    .option('--fault <code>', 'that ended by a fault whose code begins with this')
    .option('--outcome <outcome>', 'passed, failed, refused, errored, aborted, open')
    .option('--from <date>', 'from this date on')
    .option('--to <date>', 'up to this date')
    .option('--limit <n>', 'at most so many', wholeNumber)
    .action(end(async (options) => (await records()).auditRuns(options, context)));
  command(audits, 'batches', 'batches, newest first')
    .option('--text <text>', 'order, batch or recipe with this in it')
    .option('--limit <n>', 'at most so many', wholeNumber)
    .action(end(async (options) => (await records()).auditBatches(options, context)));
  command(audits, 'batch <batch>', 'what became of a batch, by its id or its order, board by board')
    .option('--out <file>', 'a new file instead of words')
    .option('--as <form>', 'pdf, csv or json (of the file)', 'pdf')
    .action(end(async (id, options) => (await records()).auditBatch(id, options, context)));
  command(audits, 'compare <device> <device>', 'two devices side by side: what differs and should not first').action(
    end(async (a, b, options) => (await records()).auditCompare(a, b, options, context)),
  );
  command(audits, 'deeds', 'what people did: sign-ins, refusals, acts, approvals, exports; newest first')
    .option('--limit <n>', 'at most so many', wholeNumber)
    .action(end(async (options) => (await audit()).auditDeeds(options, context)));
  command(audits, 'export', 'every row of the chain, one JSON object a line')
    .option('--out <file>', 'a new file instead of stdout')
    .action(end(async (options) => (await audit()).auditExport(options, context)));
  command(audits, 'registration', 'the sealed devices of a batch, as a cloud takes them in bulk')
    .requiredOption('--batch <id>', 'id of the batch, or the order it was started with')
    .option('--form <form>', 'csv, aws (IoT Core, JSON lines), azure (Device Provisioning Service, JSON lines)', 'csv')
    .option('--ca <file>', 'aws: PEM of the CA certificate, added to every line')
    .option('--out <file>', 'a new file instead of stdout')
    .action(end(async (options) => (await audit()).auditRegistration(options, context)));
  command(audits, 'verify', 'recomputes the whole book: chain, signed heads, tables')
    .option('--file <export>', 'of an export instead of the ledger')
    .option('--archive <folder>', 'of an archive instead of the ledger (ledger archive)')
    .option('--key <file>', 'public key of the signed heads, from elsewhere (PEM, or hex of the SubjectPublicKeyInfo)')
    .option('--witness <file>', 'a signed head that somebody else kept; repeatable', gather)
    .option('--head <line>', 'a head from paper: the line of the QR code of a batch report; repeatable', gather)
    .option('--witness-key <file>', 'a witness who must have cosigned (heads key), from elsewhere; repeatable', gather)
    .option(
      '--new',
      'only what came behind the newest head that held the last time, and some rows before it; no tables',
    )
    .action(end(async (options) => (await audit()).auditVerify(options, context)));
  command(audits, 'witness', 'the newest signed head, for somebody else to keep')
    .option('--out <file>', 'a file instead of stdout')
    .action(end(async (options) => (await audit()).auditWitness(options, context)));
  withPerson(
    command(audits, 'certificate [device]', 'one signed file that says what a device, or each board of a batch, is'),
  )
    .option('--batch <id>', 'of a batch instead of a device')
    .option('--pdf <file>', 'one sheet to read as well, with the certificate inside')
    .requiredOption('--out <file>', 'a new file')
    .action(end(async (id, options) => (await certificate()).auditCertificate(id, options, context)));
  command(audits, 'key', 'the public key of the signed heads, for somebody else to keep')
    .option('--out <file>', 'a file instead of stdout')
    .action(end(async (options) => (await audit()).auditKey(options, context)));
  const headed = program.command('heads').description('signed heads of the ledger, seen by other stations');
  withPerson(command(headed, 'ask', 'the newest head as a file for a witness to look at'))
    .option('--of <witness>', 'for which witness, where several cosigned before')
    .option('--old <rows>', 'how many rows the witness saw last, where it says so', wholeNumber)
    .requiredOption('--out <file>', 'a new file')
    .action(end(async (options) => (await heads()).headsAsk(options, context)));
  withPerson(command(headed, 'witness <file>', 'looks at the head of another station and cosigns it'))
    .option('--key <file>', 'public key of the heads there (audit key), from elsewhere; wanted the first time')
    .requiredOption('--out <file>', 'a new file, to be carried back')
    .action(end(async (file, options) => (await heads()).headsWitness(file, options, context)));
  withPerson(command(headed, 'take <file>', 'keeps what a witness said of a head of this ledger'))
    .requiredOption('--witness-key <file>', 'of the witness (heads key), from elsewhere')
    .option('--request <file>', 'what it was asked with, where it gave its line alone')
    .action(end(async (file, options) => (await heads()).headsTake(file, options, context)));
  command(headed, 'key', 'by which key this station cosigns, for others')
    .option('--out <file>', 'a new file instead of stdout')
    .action(end(async (options) => (await heads()).headsKey(options, context)));
  command(headed, 'seen', 'heads of others that this station cosigned, the newest of each')
    .option('--out <folder>', 'their files as well, for audit verify --witness there')
    .action(end(async (options) => (await heads()).headsSeen(options, context)));
  const escrows = audits.command('escrow').description('secrets of devices that two custodians may ask for');
  command(escrows, 'list [device]', 'what is in escrow, and what was given out')
    .option('--limit <n>', 'at most so many', wholeNumber)
    .action(end(async (id, options) => (await escrow()).escrowList(id, options, context)));
  command(
    escrows,
    'release <device>',
    'gives a secret out: both custodians type their PINs, and the ledger keeps who and why',
  )
    .requiredOption('--what <secret>', 'jtag-token or proof-of-possession')
    .requiredOption('--custodian <id>', 'one of the two who ask; given twice', gather)
    .requiredOption('--reason <text>', 'why')
    .option('--as <form>', 'a proof of possession: typed, code (the text of its QR code) or label (ZPL); default typed')
    .option('--out <file>', 'a new file, for its owner alone, instead of stdout')
    .action(end(async (id, options) => (await escrow()).escrowRelease(id, options, context)));

  program
    .command('virtual-chip')
    .description('a chip in software that any tool can talk to')
    .option('--chip <kind>', `${chipKinds.join(', ')}; with ?rev=v1.3 and more`)
    .option(
      '--efuses <token>',
      'born with the eFuses of this token (device inspect --token, espefuse dump --format token)',
    )
    .requiredOption('--listen <where>', 'pty, tcp:PORT or rfc2217:PORT (port 0: any free one)')
    .option('--state <file>', 'eFuses and flash live in this file')
    .option('--json', 'the address as JSON')
    .action(end(async (options) => (await import('./virtual-chip.ts')).virtualChip(options, context)));

  command(
    program,
    'diagnose',
    "log, versions, settings, ports and the ledger's health in one file, for whoever helps you",
  )
    .requiredOption('--out <file>', 'a new .zip file, for its owner alone')
    .action(end(async (options) => (await import('./diagnose.ts')).diagnose(options, context)));

  command(program, 'desk', 'the station with its window in a browser on this computer')
    .option('--port <n>', 'port of the page (default: any free one)', wholeNumber)
    .action(end(async (options) => (await import('./desk.ts')).desk(options, context)));

  command(program, 'demo', 'the demonstration line: virtual fixtures, SoftHSM, an example recipe')
    .option('--count <n>', 'boards', wholeNumber)
    .option('--fixtures <n>', 'virtual fixtures', wholeNumber)
    .action(end(async (options) => (await import('./demo.ts')).demo(options, context)));

  program
    .command('completion')
    .description('what your shell needs to complete commands and options')
    .addArgument(new Argument('<shell>', 'of which shell').choices(shells))
    .action(end((shell) => completionCommand(shell, commandTree(), context)));
  return program;
}
