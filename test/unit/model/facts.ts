// One of each thing that can be said, whole: every member that its schema knows, also those that may be left out.
import type { RunEvent, StepEvent } from '../../../main/model/event.ts';
import type { RunFact, StepFact } from '../../../main/model/evidence/index.ts';

type Fact = StepFact | RunFact;
type Of<Type extends Fact['type']> = Extract<Fact, { type: Type }>;
/** The compiler misses a sample where a fact was added. */
type Samples<Member extends 'value' | 'detail', Event extends { what: string } & Record<Member, unknown>> = {
  readonly [What in Event['what']]: Extract<Event, { what: What }>[Member];
};

const efuses = {
  MAC: { value: 'aabbcc000001', text: 'aa:bb:cc:00:00:01', writeProtected: true, readProtected: false },
  KEY0: { value: null, writeProtected: true, readProtected: true },
  DIS_PAD_JTAG: { value: 0, writeProtected: false, readProtected: false },
} as const;

const certified = { key: 'ecdsa-p256', publicKey: '3059', pem: '-----BEGIN', sha256: 'ab'.repeat(32) } as const;

const observed: Samples<'value', Of<'observed'>> = {
  'awaits-reset': { boot: 'flash', timeoutSeconds: 10 },
  certificate: { ...certified, serial: 'c0ffee' },
  'certificate-request': certified,
  contact: { start: { cause: 1, by: 'console' }, retries: 2, wear: 'look at pins and cable' },
  'door-shut-by-firmware': { effect: 'secure' },
  'efuses-before-door': efuses,
  'finishes-run': { run: 'r1', identifiedBy: 'console-mac', fixture: 'nest-1', operator: 'op-7' },
  firmware: {
    project: 'sensor',
    version: 'v1.2.0',
    idfVersion: 'v5.5.1',
    sdkconfigSha256: null,
    advisoriesOf: '2026-11-22',
    findings: [
      { check: 'lint-x', severity: 'warning', waived: false },
      { check: 'lint-y', severity: 'error', waived: true },
    ],
    kept: ['lint-z'],
    updates: 'ecies-p256',
  },
  flash: { size: 16 * 1024 * 1024, detected: null, loader: 'stub', baudRate: 921600 },
  image: {
    name: 'bootloader',
    offset: 0x2000,
    length: 22000,
    plainSha256: '01'.repeat(32),
    flashSha256: '02'.repeat(32),
    encrypted: true,
  },
  'key-block-given-up': { slot: 1, block: 5, name: 'BLOCK_KEY1', state: 'doubtful' },
  'key-unwrapped': { role: 'flash-encryption', fingerprint: 'f0'.repeat(32) },
  'ota-key': { scheme: 'ecies-p256', publicKey: '3059' },
  route: { answer: 'went-on', words: null, silentMs: 61_000 },
  provisioning: {
    scheme: 'security2',
    username: 'wifiprov',
    service: 'PROV_000001',
    transport: 'ble',
    fingerprint: 'f1'.repeat(32),
  },
  'rsa-key-destroyed': { key: 'rsa-3072', livedMs: 812 },
  storage: { partition: 'fctry', encryption: 'hmac', keys: ['factory.serial'], row: '7' },
};

const fields = [
  { field: 'SPI_BOOT_CRYPT_CNT', from: 0, to: 7 },
  { field: 'DIS_PAD_JTAG', from: 0, to: 1 },
  { field: 'RD_DIS.KEY0', from: 0, to: 1 },
];

const keyBlock = {
  slot: 0,
  block: 4,
  name: 'BLOCK_KEY0',
  purpose: 'XTS_AES_256_KEY_1',
  role: 'flash-encryption',
  part: 'low',
} as const;

const ownMac = { block: 3, name: 'BLOCK_USR_DATA', field: 'USER_DATA.MAC_CUSTOM', mac: '02:00:00:00:00:02' };

const burns: Samples<'detail', Of<'intend'>> = {
  bits: { block: 0, stage: 'read-protect', fields },
  'custom-mac': ownMac,
  'device-encryption': { purposes: ['XTS_AES_256_KEY_1', 'XTS_AES_256_KEY_2'], fields },
  'key-block': keyBlock,
};

const booted = {
  lines: ['app_init: Project name: sensor'],
  challenge: '77'.repeat(32),
  scheme: 'ecdsa-p384',
  signature: '99'.repeat(96),
} as const;

const verified: Samples<'detail', Of<'verified'>> = {
  bits: { block: 0, stage: 'door', fields: fields.slice(0, 1), effect: 'secure-download' },
  boot: booted,
  'custom-mac': ownMac,
  'device-encryption': { lines: ['done'], by: 'security info', door: 'secure', nobodyHasTheKey: true },
  flash: { name: 'bootloader', offset: 0x2000, length: 22000, md5: 'aa'.repeat(16) },
  'flash-blank': {
    size: 0x400000,
    bytes: 0x3f0000,
    erased: 0x100000,
    regions: [{ offset: 0x10000, length: 0x3f0000, erased: 0x100000 }],
    ms: 4120,
  },
  'key-block': keyBlock,
  'sealed-boot': booted,
};

const fault = {
  class: 'token',
  code: 'token.gone',
  what: 'The token is gone.',
  next: 'Put it back.',
  safety: 'resumable',
  details: { label: 'hsm', tries: 3, fatal: false, slot: null },
} as const;

type Plain = Exclude<Fact, { what: string; value: unknown } | { what: string; detail: unknown }>;

const plain: { readonly [Type in Plain['type']]: Omit<Of<Type>, 'type'> } = {
  'key-made': {
    role: 'hmac-up',
    fingerprint: 'f2'.repeat(32),
    wrapped: { wrappingKeyId: '01', mechanism: 'AES_KEY_WRAP_PAD', data: 'AAAA' },
  },
  escrowed: {
    what: 'jtag-token',
    fingerprint: 'f3'.repeat(32),
    wrapped: { wrappingKeyId: '01', mechanism: 'AES_KEY_WRAP_PAD', data: 'BBBB' },
  },
  'keys-destroyed': { roles: ['flash-encryption', 'hmac-up'], livedMs: 4200 },
  waived: { check: 'lint-x', reason: 'for the sample', by: 'Ada', from: 'recipe' },
  identified: {
    identity: {
      kind: 'esp32p4',
      chipId: 18,
      revision: 301,
      mac: 'aa:bb:cc:00:00:01',
      packageVersion: 0,
      securityFlags: 0,
    },
    efuses,
  },
  'label-scanned': { text: 'SN-1', fits: true, operator: 'op-7' },
  parked: { fault },
  planned: {
    planDigest: 'de'.repeat(32),
    steps: ['prepare', 'write-flash'],
    resumes: 'r0',
    facts: {
      serial: 'SN-1',
      secureBoot: { scheme: 'rsa3072', keyDigests: ['dd'.repeat(32)] },
      secureVersion: 2,
      keys: [
        { material: 'secure-boot-digest-0', block: 4, digest: 'dd'.repeat(32) },
        { material: 'hmac-up', block: 5, digest: null },
      ],
      door: { DIS_DOWNLOAD_MODE: 1 },
    },
  },
  resumed: { waitedMs: 61_000 },
  'row-taken': { list: 'sensor/fctry', row: '7' },
  'run-ended': { outcome: 'failed', fault, ms: 2100 },
  'run-started': { fixture: 'nest-1', operator: 'op-7' },
  'step-passed': { step: 'prepare', ms: 310 },
  'step-started': { step: 'burn-keys', irreversible: true },
};

const acts = (type: string, member: 'value' | 'detail', samples: Readonly<Record<string, unknown>>) =>
  Object.entries(samples).map(([what, fact]) => ({ type, what, [member]: fact }));

/** Every event that the ledger takes. */
export const everyEvent = [
  ...acts('observed', 'value', observed),
  ...acts('intend', 'detail', burns),
  ...acts('burned', 'detail', burns),
  ...acts('verified', 'detail', verified),
  ...Object.entries(plain).map(([type, members]) => ({ type, ...members })),
] as readonly Exclude<StepEvent | RunEvent, { type: 'progress' }>[];
