// The walls of the house, written once (the table of main/README.md): a room may import itself, the rooms named beside it,
// Node's own modules, and no others. A foreign package that touches the outside has exactly one room.
const rooms = {
  boot: [],
  base: [],
  words: [],
  log: ['base'],
  model: ['base'],
  contract: ['words', 'model', 'base'],
  transport: ['model', 'base'],
  protocol: ['transport', 'model', 'base'],
  efuse: ['model', 'base'],
  formats: ['model', 'base'],
  image: ['formats', 'model', 'base'],
  chip: ['efuse', 'image', 'formats', 'protocol', 'transport', 'model', 'base'],
  virtual: ['efuse', 'image', 'formats', 'protocol', 'transport', 'model', 'base'],
  signing: ['model', 'base'],
  ledger: ['model', 'base'],
  plant: ['ledger', 'model', 'base'],
  factory: ['ledger', 'model', 'base'],
  config: ['efuse', 'words', 'model', 'base'],
  recipe: ['chip', 'efuse', 'image', 'formats', 'signing', 'config', 'words', 'model', 'base'],
  station: [
    'contract',
    'recipe',
    'chip',
    'efuse',
    'formats',
    'ledger',
    'signing',
    'config',
    'transport',
    'words',
    'model',
    'base',
  ],
  ipc: ['station', 'contract', 'words', 'model', 'base'],
  cli: [
    'station',
    'contract',
    'recipe',
    'ledger',
    'plant',
    'signing',
    'virtual',
    'chip',
    'image',
    'formats',
    'config',
    'efuse',
    'transport',
    'words',
    'model',
    'base',
  ],
};

// package -> the only place that may import it
const guarded = {
  serialport: 'main/transport/serial/',
  '@serialport': 'main/transport/serial/',
  pkcs11js: 'main/signing/pkcs11/',
  'better-sqlite3': 'main/ledger/sqlite/',
  pg: 'main/plant/',
  'mqtt-packet': 'main/factory/',
  rhea: 'main/factory/',
  pino: 'main/log/',
  'rotating-file-stream': 'main/log/',
  fflate: 'main/cli/',
  electron: 'main/start/(desktop|electron-window|preload)\\.ts$|main/ipc/electron/',
};

const walls = Object.entries(rooms).map(([room, below]) => ({
  name: `wall-${room}`,
  comment: `main/${room} may import only: ${[room, ...below].join(', ')}`,
  severity: 'error',
  from: { path: `^main/${room}/` },
  to: { path: '^(main|renderer|test)/', pathNot: `^main/(${[room, ...below].join('|')})/` },
}));

// renderer/: bridge -> state -> parts -> views -> app; parts see properties and words only, everything may say words
const rendererLayers = {
  words: [],
  bridge: [],
  state: ['bridge', 'words'],
  parts: ['words'],
  views: ['parts', 'state', 'words'],
  app: ['views', 'parts', 'state', 'bridge', 'words'],
};

const rendererWalls = Object.entries(rendererLayers).map(([layer, below]) => ({
  name: `wall-renderer-${layer}`,
  comment: `renderer/${layer} may import only: ${[layer, ...below].join(', ')}`,
  severity: 'error',
  from: { path: `^renderer/${layer}/` },
  to: { path: '^renderer/', pathNot: `^renderer/(${[layer, ...below].join('|')})/` },
}));

const guards = Object.entries(guarded).map(([name, place]) => ({
  name: `guard-${name.replace('@', '')}`,
  comment: `${name} may be imported only in ${place}`,
  severity: 'error',
  from: { path: '^(main|renderer)/', pathNot: `^${place}` },
  // a package that is not installed (Electron may be missing) keeps its bare name
  to: { path: `^(node_modules/)?${name}(/|$)` },
}));

export default {
  forbidden: [
    ...walls,
    ...guards,
    ...rendererWalls,
    {
      name: 'renderer-sees-types',
      comment: 'the window knows the contract as types; its table of checks stays with the station',
      severity: 'error',
      from: { path: '^renderer/' },
      to: { path: '^main/contract/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-test-in-product',
      severity: 'error',
      from: { path: '^(main|renderer)/' },
      to: { path: '^test/' },
    },
    {
      name: 'wall-renderer',
      comment: 'the window sees the station through one pane, and says the same words',
      severity: 'error',
      from: { path: '^renderer/' },
      to: { path: '^main/', pathNot: '^main/(contract|words)/' },
    },
    {
      name: 'compose-without-adapters',
      comment: 'compose.ts takes the real parts from a front door',
      severity: 'error',
      from: { path: '^main/start/compose\\.ts$' },
      to: { path: '^main/(transport/serial|signing/pkcs11|ledger/sqlite|plant|ipc/electron)/' },
    },
    {
      name: 'unknown-room',
      comment: 'every folder of main/ is a line of the rooms table (front doors lie in start/ and may open every room)',
      severity: 'error',
      from: { path: '^main/', pathNot: `^main/(start|${Object.keys(rooms).join('|')})/` },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true, // walls hold for types too
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'] },
  },
};
