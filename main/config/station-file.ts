import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { RecipeFault } from '../model/fault.ts';
import { type MacRange, macRangeForm, macRangesOf } from '../model/mac-range.ts';
import { textOfFile } from '../model/text-file.ts';
import { type Language, languages } from '../words/languages.ts';
import { type BrokerConfig, brokerKeys, brokerOf } from './broker-section.ts';
import { type CfxConfig, cfxOfSection, cfxSection } from './cfx-section.ts';
import { type PlcConfig, plcOfSection, plcSection } from './plc-section.ts';
import { type Problem, readYaml } from './yaml.ts';

/** What a factory decides about one station: a checked station file. Paths are absolute. */
export interface StationConfig {
  /** Name of the station; bound into its ledger for ever. */
  readonly name: string;
  /** Folder of ledger, token store and work files; null: the program's own default. */
  readonly dataFolder: string | null;
  readonly token: TokenConfig;
  /** One with the same keys, which takes over when that one is away. */
  readonly spare: Pkcs11Token | null;
  /** Sessions that may share the work of the own token. */
  readonly sessions: number;
  /** Tokens beside it, with keys for signing alone; each label once. */
  readonly tokens: readonly Pkcs11Token[];
  readonly fixtures: readonly FixtureConfig[];
  /** In which the station speaks to whoever chose no language. */
  readonly language: Language;
  /** For development: real boards, approvals and keys ask nobody who they are. Never for a factory. */
  readonly development: boolean;
  /** What is asked of boards beside the recipe. */
  readonly boards: {
    /** Factory MACs that are taken; null: all. */
    readonly macs: readonly MacRange[] | null;
    /** Whether a device that gets a key of its own has to sign a challenge with it before its seal. */
    readonly challenge: boolean;
    /** List of the orders that are worked on; null: any order. */
    readonly orders: string | null;
    /** Only orders that their owner signed are worked on: where their files lie, and public keys of the owners; null: any order. */
    readonly sealedOrders: { readonly folder: string; readonly keys: readonly string[] } | null;
  };
  /** Local times of day at which shifts begin; null: the usual three. */
  readonly shifts: readonly string[] | null;
  readonly log: { readonly level: LogLevel };
  /** Where every row of the ledger is sent beside; null: nowhere. */
  readonly plant: PlantConfig | null;
  /** The factory's own system, asked before boards start and told their results; null: there is none. */
  readonly mes: MesConfig | null;
  /** A broker that is told of results; null: there is none. */
  readonly mqtt: MqttConfig | null;
  /** A broker that hears IPC-CFX; null: there is none. */
  readonly cfx: CfxConfig | null;
  /** A PLC that starts the boards of some fixtures; null: there is none. */
  readonly plc: PlcConfig | null;
  /** A stack light; null: there is none. */
  readonly light: LightConfig | null;
}

/** A broker that hears Sparkplug B. */
export interface MqttConfig extends BrokerConfig {
  readonly group: string;
  readonly host: string | null;
}

/** The factory's own system (MES), over HTTP. */
export interface MesConfig {
  /** Without a token. */
  readonly url: string;
  /** PEM of the authority of its certificate; null: those that this computer trusts. */
  readonly ca: string | null;
  /** File with its bearer token, for the station's account alone; null: it asks for none. */
  readonly tokenFile: string | null;
  readonly timeoutSeconds: number;
  /** So long after it was last heard boards start without its word; 0: they wait for it. */
  readonly goOnMinutes: number;
}

/** Every board is taken. */
export const anyBoard: StationConfig['boards'] = { macs: null, challenge: false, orders: null, sealedOrders: null };

/** A stack light at a port of its own, which hears ASCII. */
export interface LightConfig {
  readonly port: string;
  readonly baud: number;
  /** What is sent for each colour. */
  readonly say: { readonly red: string; readonly yellow: string; readonly green: string; readonly off: string };
}

/** The plant of a station. */
export interface PlantConfig {
  /** `postgres://HOST:PORT/DATABASE`, without a password. */
  readonly url: string;
  /** PEM of the authority of the server's certificate; null: those that this computer trusts. */
  readonly ca: string | null;
  /** File with the password of the station's role, for the station's account alone. */
  readonly passwordFile: string | null;
  /** By whom the plant lets this station's desk look at all stations; null: it shows its own alone. */
  readonly viewer: { readonly name: string; readonly passwordFile: string | null } | null;
  /** Files with the keys of witnesses whose word on this station's heads is booked as the plant brings it. */
  readonly witnesses: readonly string[];
}

/** What of the program log is written: `debug` is every exchange with every board. */
export type LogLevel = z.output<typeof logLevel>;

const logLevel = z.enum(['debug', 'info', 'warn', 'error']);

export type TokenConfig =
  /** A private SoftHSM in the data folder, for demonstration and training: its keys are only as safe as this computer. */
  { readonly kind: 'softhsm' } | ({ readonly kind: 'pkcs11' } & Pkcs11Token);

export interface Pkcs11Token {
  /** PKCS#11 library. */
  readonly module: string;
  /** Token label and serial number: exactly one token must have both (LAW 6). */
  readonly label: string;
  readonly serial: string;
  /** File that holds the user PIN, readable by the station's account alone; null: a person is asked when the token is opened. */
  readonly pinFile: string | null;
}

/** One place for a board. */
export interface FixtureConfig {
  readonly name: string;
  /** `usb:` physical path, `virtual:` chip, `socket://`, `rfc2217://`, a device file or COM port. */
  readonly port: string;
}

const neededKeys = ['module', 'label', 'serial'] as const;
const pkcs11Keys = [...neededKeys, 'pin_file'] as const;

const modulePath = z.string().min(1).describe('Path of the PKCS#11 library.');
const tokenLabel = z.string().min(1).max(32).describe('Label of the token.');
const tokenSerial = z.string().min(1).max(16).describe('Serial number of the token, in quotes.');
const pinFileName = z
  .string()
  .min(1)
  .describe('File with the user PIN in one line; left out: a person is asked for it. Never write the PIN itself here.');

/** What a light is sent: no more than a line, of bytes that every controller knows. */
const lightWord = (colour: string) =>
  z
    .string()
    .min(1)
    .max(64)
    .superRefine((word, context) => {
      if (Buffer.byteLength(word) !== word.length)
        context.addIssue({
          code: 'custom',
          message: `The word for ${colour} is not ASCII.`,
          params: { remedy: 'Write bytes that every controller knows: letters, digits, control characters as \\r.' },
        });
    })
    .default(`${colour}\n`)
    .describe(`What is sent for ${colour}.`);

/** The YAML form of a station file. */
export const stationSchema = z
  .strictObject({
    fuseline: z.literal(1).describe('Version of this form: 1.'),
    station: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
      .describe(
        'Name of the station: letters, digits, dot, dash and underscore. It is bound into the ledger: choose it once.',
      ),
    data: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe('Folder of ledger, token store and work files, relative to this file.'),
    token: z
      .strictObject({
        kind: z
          .enum(['softhsm', 'pkcs11'])
          .describe("'softhsm': a private one in the data folder, for training; 'pkcs11': your HSM."),
        module: modulePath.optional(),
        label: tokenLabel.optional(),
        serial: tokenSerial.optional(),
        pin_file: pinFileName.optional(),
        sessions: z
          .int()
          .min(1)
          .max(16)
          .default(4)
          .describe(
            'Sessions at most, each in a process of its own; another is opened when boards wait for a signature.',
          ),
        spare: z
          .strictObject({
            module: modulePath,
            label: tokenLabel,
            serial: tokenSerial,
            pin_file: pinFileName.optional(),
          })
          .optional()
          .describe(
            'A second token with the same keys (same public keys, same wrapping key and ids): it takes over when the first is away.',
          ),
      })
      .superRefine((token, context) => {
        for (const key of neededKeys) {
          if (token.kind === 'pkcs11' && token[key] === undefined)
            context.addIssue({
              code: 'custom',
              path: [key],
              message: `'token.${key}' is missing: a PKCS#11 token is known by module, label and serial.`,
              params: { remedy: 'Name exactly one token; `token status` shows what is plugged in.' },
            });
        }
        for (const key of pkcs11Keys) {
          if (token.kind === 'softhsm' && token[key] !== undefined)
            context.addIssue({
              code: 'custom',
              path: [key],
              message: `'token.${key}' has no meaning for the private SoftHSM.`,
              params: { remedy: 'Leave it out, or set token.kind to pkcs11.' },
            });
        }
      })
      .prefault({ kind: 'softhsm' })
      .describe('The token that holds the signing keys.'),
    tokens: z
      .array(
        z.strictObject({
          label: tokenLabel.describe('Label of the token, by which recipes name it.'),
          serial: tokenSerial,
          module: modulePath,
          pin_file: pinFileName.optional(),
        }),
      )
      .superRefine((tokens, context) => {
        for (const [at, { label }] of tokens.entries()) {
          const first = tokens.findIndex((token) => token.label === label);
          if (first < at)
            context.addIssue({
              code: 'custom',
              path: [at, 'label'],
              message: `The label '${label}' belongs to token ${first + 1} of the list already.`,
              params: { remedy: 'Recipes name tokens by their labels: give each one of its own.' },
            });
        }
      })
      .default([])
      .describe('Further tokens whose keys sign firmware; each is opened only while a batch is signed.'),
    fixtures: z
      .array(
        z.strictObject({
          name: z
            .string()
            .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/)
            .describe('Name on the tile and in every record: letters, digits, dot, dash and underscore.'),
          port: z
            .string()
            .regex(/^(usb:[0-9A-Za-z].*|virtual:[a-z0-9]+(\?.*)?|(socket|rfc2217):\/\/[^/:]+:\d+|\/dev\/.+|COM\d+)$/)
            .describe(
              'usb:1-1.4 (physical path: survives replugging), virtual:esp32p4, rfc2217://host:port, socket://host:port, /dev/ttyUSB0 or COM7.',
            ),
        }),
      )
      .superRefine((fixtures, context) => {
        for (const key of ['name', 'port'] as const) {
          const seen = new Map<string, number>();
          for (const [at, fixture] of fixtures.entries()) {
            const first = seen.get(fixture[key]);
            // Any number of virtual chips may be alike; of a real port there is one.
            if (first !== undefined && !(key === 'port' && fixture.port.startsWith('virtual:')))
              context.addIssue({
                code: 'custom',
                path: [at, key],
                message: `The ${key} '${fixture[key]}' belongs to fixture ${first + 1} of the list already.`,
                params: { remedy: `Give every fixture a ${key} of its own.` },
              });
            else seen.set(fixture[key], at);
          }
        }
      })
      .default([])
      .describe('Places for boards, in the order of the screen.'),
    language: z.enum(languages).default('en').describe('Language of the station; each person may choose another.'),
    development: z
      .boolean()
      .default(false)
      .describe(
        'A station for development: the terminal asks nobody who they are, and real boards get recipes that nobody approved. Never in a factory.',
      ),
    boards: z
      .strictObject({
        macs: z
          .array(
            z
              .string()
              .regex(macRangeForm)
              .describe('espressif, the first bytes of a block (60:55:f9), one MAC, or first..last.'),
          )
          .min(1)
          .superRefine((macs, context) => {
            for (const [at, text] of macs.entries())
              if (macRangeForm.test(text) && macRangesOf(text) === null)
                context.addIssue({
                  code: 'custom',
                  path: [at],
                  message: `The range ${text} ends before it begins.`,
                  params: { remedy: 'Write the lower MAC first.' },
                });
          })
          .optional()
          .describe('Factory MACs that are taken, of every board on every port; left out: all.'),
        orders: z
          .string()
          .min(1)
          .optional()
          .describe(
            'List of the orders that are worked on, relative to this file: CSV with the columns order and boards, and where wanted recipe and chips (a CSV file with a column mac). Left out: any order.',
          ),
        sealed_orders: z
          .strictObject({
            folder: z.string().min(1).describe('Where the signed files lie, each as ORDER.order.'),
            keys: z
              .array(z.string().min(1))
              .min(1)
              .describe('Files with the public keys (ECDSA P-256) of those who sign orders.'),
          })
          .optional()
          .describe(
            'Only orders that their owner signed are worked on, and no board beyond them (docs/work-orders.md); relative to this file. Left out: any order.',
          ),
        challenge: z
          .enum(['required'])
          .optional()
          .describe(
            'required: a device that gets a key of its own is sealed only after it has signed a challenge with it; recipes that do not ask for that are refused.',
          ),
      })
      .prefault({})
      .describe('What is asked of boards beside the recipe: a computer can pretend to be a board.'),
    shifts: z
      .array(
        z
          .string()
          .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
          .describe("A time of day by this computer's clock, in quotes: '06:00'."),
      )
      .min(1)
      .max(12)
      .refine((times) => new Set(times).size === times.length, 'Two shifts begin at the same time.')
      .optional()
      .describe("When shifts begin; left out: '06:00', '14:00', '22:00'."),
    log: z
      .strictObject({
        level: logLevel
          .default('info')
          .describe('Least grave entries that are written; debug times every serial exchange and fills files quickly.'),
      })
      .prefault({})
      .describe('The program log in the data folder: six files of 5 MB at most, no secrets.'),
    plant: z
      .strictObject({
        url: z
          .string()
          .regex(/^postgres(ql)?:\/\/([^:/@]*@)?(\[[0-9a-fA-F:.]+\]|[^:/@?#[\]]*)(:\d{1,5})?\/[^@/?]+(\?[^@]*)?$/)
          .describe(
            'postgres://HOST:PORT/DATABASE, or postgres:///DATABASE?host=/FOLDER for a socket. Never write a password here.',
          ),
        ca: z.string().min(1).optional().describe("PEM file of the authority that signed the server's certificate."),
        password_file: z
          .string()
          .min(1)
          .optional()
          .describe('File that plant enroll wrote, readable by the station alone.'),
        viewer: z
          .strictObject({
            name: z
              .string()
              .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
              .describe('As it was given to plant viewer.'),
            password_file: z
              .string()
              .min(1)
              .optional()
              .describe('File that plant viewer wrote, readable by the station alone.'),
          })
          .optional()
          .describe("Lets this station's window show the whole plant; left out: its own station alone."),
        witnesses: z
          .array(z.string().min(1))
          .max(20)
          .default([])
          .describe(
            "Files with what heads key says at a witness, had from there: what it says of this station's heads is booked as the plant brings it.",
          ),
      })
      .optional()
      .describe('PostgreSQL to which every row of the ledger is sent beside; left out: none.'),
    mes: z
      .strictObject({
        url: z
          .string()
          .regex(
            /^(https:\/\/[^\s/@?#:]+|https:\/\/\[[0-9a-fA-F:]+\]|http:\/\/127(\.\d{1,3}){3}|http:\/\/\[::1\])(:\d{1,5})?(\/[^\s@?#]*)?$/,
          )
          .describe(
            'https://HOST:PORT/PATH; http only to 127.x.x.x or [::1], on this computer. Never write a token here. /route and /result are asked below it.',
          ),
        ca: z.string().min(1).optional().describe('PEM file of the authority that signed its certificate.'),
        token_file: z
          .string()
          .min(1)
          .optional()
          .describe('File with its bearer token in one line, readable by the station alone.'),
        timeout_seconds: z.int().min(1).max(60).default(5).describe('For one question.'),
        when_away: z
          .enum(['hold', 'go-on'])
          .default('hold')
          .describe(
            "Boards while it does not answer. 'hold': they wait for it. 'go-on': they start, for go_on_minutes after it was last heard, then wait.",
          ),
        go_on_minutes: z.int().min(1).max(1440).optional().describe('With go-on: for how long.'),
      })
      .superRefine(({ when_away: whenAway, go_on_minutes: minutes }, context) => {
        if ((whenAway === 'go-on') === (minutes !== undefined)) return;
        context.addIssue({
          code: 'custom',
          path: ['go_on_minutes'],
          message: minutes === undefined ? "'go-on' has no end." : "'hold' goes on for no time.",
          params: { remedy: 'Write go_on_minutes with when_away: go-on, and nowhere else.' },
        });
      })
      .optional()
      .describe(
        "The factory's own system (MES): it lets each board start, and is told each result (docs/factory.md). Left out: none.",
      ),
    mqtt: z
      .strictObject({
        ...brokerKeys('mqtt'),
        group: z
          .string()
          .regex(/^[A-Za-z0-9_.-]{1,60}$/)
          .default('fuseline')
          .describe('Group of the topics.'),
        host: z
          .string()
          .regex(/^[A-Za-z0-9_.-]{1,60}$/)
          .optional()
          .describe('Primary host application, without which nothing is told; left out: whoever listens.'),
      })
      .optional()
      .describe(
        'Broker that is told of each result in the form of Sparkplug B (docs/factory.md). Left out: none. No board waits for it.',
      ),
    cfx: cfxSection,
    plc: plcSection,
    light: z
      .strictObject({
        port: z
          .string()
          .regex(/^(usb:[0-9A-Za-z].*|(socket|rfc2217):\/\/[^/:]+:\d+|\/dev\/.+|COM\d+)$/)
          .describe('Port of the light, as that of a fixture; no fixture has the same.'),
        baud: z.int().min(300).max(4_000_000).default(9600).describe('Rate of the line.'),
        say: z
          .strictObject({
            red: lightWord('red'),
            yellow: lightWord('yellow'),
            green: lightWord('green'),
            off: lightWord('off'),
          })
          .prefault({})
          .describe(
            'What is sent for each colour, said again every 3 seconds; in double quotes \\n, \\r and \\x02 are control characters.',
          ),
      })
      .optional()
      .describe('A stack light that shows the line from afar; left out: none.'),
  })
  .superRefine(({ fixtures, light, plc }, context) => {
    for (const [at, name] of (fixtures.length === 0 ? [] : (plc?.fixtures ?? [])).entries())
      if (fixtures.every((fixture) => fixture.name !== name))
        context.addIssue({
          code: 'custom',
          path: ['plc', 'fixtures', at],
          message: `There is no fixture '${name}'.`,
          params: { remedy: 'Name one of the list of fixtures.' },
        });
    if (light !== undefined && fixtures.some(({ port }) => port === light.port))
      context.addIssue({
        code: 'custom',
        path: ['light', 'port'],
        message: `A fixture is at ${light.port} already.`,
        params: { remedy: 'A board must not hear what a light is told: give the light its own port.' },
      });
  })
  .describe('What a factory decides about one station.');

/** The published JSON schema of station files: station-config/schemas/station.schema.json. */
export function stationJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(stationSchema, { io: 'input', reused: 'inline' }) as Record<
    string,
    unknown
  >;
  return { $schema, title: 'Fuseline station', ...rest };
}

/** A token as the file writes it; what must be there the schema has checked. */
interface PinnedToken {
  readonly module?: string | undefined;
  readonly label?: string | undefined;
  readonly serial?: string | undefined;
  readonly pin_file?: string | undefined;
}

/** Reads the text of a station file. `file` is named in problems, and relative paths are taken from its folder. */
export function parseStation(
  text: string,
  file: string,
): { readonly station: StationConfig | null; readonly problems: readonly Problem[] } {
  const { value, problems } = readYaml(text, file, stationSchema);
  if (value === null) return { station: null, problems };
  const at = (path: string) => resolve(dirname(file), path);
  const pkcs11 = ({ module = '', label = '', serial = '', pin_file: pinFile }: PinnedToken): Pkcs11Token => ({
    module: at(module),
    label,
    serial,
    pinFile: pinFile === undefined ? null : at(pinFile),
  });
  const { kind } = value.token;
  return {
    station: {
      name: value.station,
      dataFolder: value.data === null ? null : at(value.data),
      token: kind === 'softhsm' ? { kind } : { kind, ...pkcs11(value.token) },
      spare: value.token.spare === undefined ? null : pkcs11(value.token.spare),
      sessions: value.token.sessions,
      tokens: value.tokens.map(pkcs11),
      fixtures: value.fixtures,
      language: value.language,
      development: value.development,
      boards: {
        macs: value.boards.macs?.flatMap((text) => macRangesOf(text) ?? []) ?? null,
        challenge: value.boards.challenge === 'required',
        orders: value.boards.orders === undefined ? null : at(value.boards.orders),
        sealedOrders:
          value.boards.sealed_orders === undefined
            ? null
            : { folder: at(value.boards.sealed_orders.folder), keys: value.boards.sealed_orders.keys.map(at) },
      },
      shifts: value.shifts ?? null,
      log: value.log,
      plant:
        value.plant === undefined
          ? null
          : {
              url: value.plant.url,
              ca: value.plant.ca === undefined ? null : at(value.plant.ca),
              passwordFile: value.plant.password_file === undefined ? null : at(value.plant.password_file),
              viewer: viewerOf(value.plant.viewer, at),
              witnesses: value.plant.witnesses.map(at),
            },
      mes: mesOf(value.mes, at),
      mqtt: mqttOf(value.mqtt, at),
      cfx: cfxOfSection(value.cfx, at),
      plc: plcOfSection(value.plc),
      light: value.light ?? null,
    },
    problems,
  };
}

function mesOf(mes: z.output<typeof stationSchema>['mes'], at: (path: string) => string): MesConfig | null {
  if (mes === undefined) return null;
  const { url, ca, token_file: tokenFile, timeout_seconds: timeoutSeconds, go_on_minutes: goOnMinutes = 0 } = mes;
  return {
    ...{ url, timeoutSeconds, goOnMinutes },
    ca: ca === undefined ? null : at(ca),
    tokenFile: tokenFile === undefined ? null : at(tokenFile),
  };
}

function mqttOf(mqtt: z.output<typeof stationSchema>['mqtt'], at: (path: string) => string): MqttConfig | null {
  if (mqtt === undefined) return null;
  const { group, host = null } = mqtt;
  return { ...brokerOf(mqtt, at), group, host };
}

function viewerOf(
  viewer: { readonly name: string; readonly password_file?: string | undefined } | undefined,
  at: (path: string) => string,
): PlantConfig['viewer'] {
  if (viewer === undefined) return null;
  const { name, password_file: file } = viewer;
  return { name, passwordFile: file === undefined ? null : at(file) };
}

/**
 * Opens and reads a station file. Faults: RecipeFault `station.not-found`, `text.encoding`, and `station.invalid` whose sentence holds every problem with
 * its line.
 */
export function readStationFile(file: string): StationConfig {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new RecipeFault({
      code: 'station.not-found',
      what: `The station file ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`,
      next: 'Name a station file that exists and that this account may read.',
      details: { file },
      cause,
    });
  }
  const { station, problems } = parseStation(textOfFile(bytes, file), file);
  if (station !== null) return station;
  const list = problems.map(
    ({ line, column, what, remedy }) => `${file}:${line ?? 1}:${column ?? 1}: ${what} ${remedy}`,
  );
  throw new RecipeFault({
    code: 'station.invalid',
    what: `The station file has ${list.length === 1 ? 'a mistake' : `${list.length} mistakes`}:\n${list.join('\n')}`,
    next: 'Correct the lines named, then start again.',
    details: { file, problems: problems.length },
  });
}
