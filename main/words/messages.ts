// Made from en.json by `npm run generate`.

type Said<Values> = (values: Values) => string;

export interface Messages {
  readonly language: string;
  readonly locale: string;
  readonly page: {
    readonly product: string;
    readonly demonstration: string;
    readonly demonstrationMeans: string;
    readonly development: string;
    readonly developmentMeans: string;
    readonly skip: string;
    readonly nav: string;
    readonly screens: {
      readonly line: string;
      readonly throughput: string;
      readonly devices: string;
      readonly recipes: string;
      readonly station: string;
    };
    readonly close: string;
    readonly cancel: string;
    readonly save: string;
    readonly back: string;
    readonly none: string;
    readonly unknown: string;
    readonly yes: string;
    readonly no: string;
    readonly loading: string;
    readonly scrollable: string;
    readonly link: {
      readonly lost: Said<{ time: string | number }>;
      readonly lostAct: string;
      readonly refused: string;
      readonly refusedNext: string;
      readonly lostCall: string;
      readonly lostNext: string;
      readonly unexpectedNext: string;
    };
    readonly token: {
      readonly healthy: string;
      readonly ailing: string;
      readonly unknown: string;
    };
    readonly sound: {
      readonly on: string;
      readonly off: string;
      readonly mute: string;
      readonly unmute: string;
    };
    readonly scheme: {
      readonly title: string;
    };
    readonly session: {
      readonly signIn: string;
      readonly signOut: string;
      readonly title: string;
      readonly name: string;
      readonly namePlaceholder: string;
      readonly pin: string;
      readonly badge: string;
      readonly pad: string;
      readonly clear: string;
      readonly roles: {
        readonly operator: string;
        readonly qa: string;
        readonly engineer: string;
        readonly custodian: string;
      };
      readonly roleMeans: {
        readonly operator: string;
        readonly qa: string;
        readonly engineer: string;
        readonly custodian: string;
      };
      readonly language: string;
      readonly languageOfStation: string;
    };
    readonly state: {
      readonly idle: string;
      readonly waiting: string;
      readonly identifying: string;
      readonly held: string;
      readonly running: string;
      readonly parked: string;
      readonly labelling: string;
      readonly mute: string;
      readonly shown: string;
      readonly absent: string;
    };
    readonly needs: {
      readonly serial: string;
      readonly key: string;
      readonly name: string;
    };
    readonly acts: {
      readonly 'take-out': string;
      readonly 'insert-again': string;
      readonly 'put-aside': string;
      readonly 'call-engineer': string;
    };
    readonly actMeans: {
      readonly 'take-out': string;
      readonly 'insert-again': string;
      readonly 'put-aside': string;
      readonly 'call-engineer': string;
    };
    readonly outcome: {
      readonly passed: string;
      readonly failed: string;
      readonly refused: string;
      readonly errored: string;
      readonly aborted: string;
      readonly sealed: string;
      readonly condemned: string;
      readonly open: string;
    };
    readonly act: {
      readonly passed: string;
      readonly failed: string;
      readonly refused: string;
      readonly errored: string;
      readonly aborted: string;
    };
    readonly tile: {
      readonly fixtures: string;
      readonly burning: string;
      readonly doNotRemove: string;
      readonly unknown: string;
      readonly mute: string;
      readonly tokenSilent: string;
      readonly tokenSilentMeans: string;
      readonly ledgerSlow: string;
      readonly ledgerSlowMeans: string;
      readonly lastWord: Said<{ time: string | number; word: string | number }>;
      readonly startsIn: Said<{ seconds: string | number }>;
      readonly startsAs: Said<{ serial: string | number }>;
      readonly chosen: Said<{ seconds: string | number }>;
      readonly chosenBy: Said<{ person: string | number }>;
      readonly scanGoesHere: string;
      readonly held: string;
      readonly left: Said<{ time: string | number }>;
      readonly stepOf: Said<{ at: string | number; of: string | number }>;
      readonly count: Said<{ passed: string | number; tried: string | number }>;
      readonly countMeans: Said<{ passed: string | number; tried: string | number }>;
      readonly none: string;
      readonly noneNext: string;
    };
    readonly batch: {
      readonly none: string;
      readonly noneNext: string;
      readonly noOrder: string;
      readonly revision: Said<{ revision: string | number }>;
      readonly passed: string;
      readonly failed: string;
      readonly refused: string;
      readonly unfinished: string;
      readonly again: string;
      readonly left: string;
      readonly of: Said<{ count: number }>;
      readonly yield: string;
      readonly start: string;
      readonly stop: string;
      readonly stopTitle: string;
      readonly stopWords: string;
      readonly stopYes: string;
      readonly stopping: string;
      readonly ended: Said<{ time: string | number }>;
      readonly mode: string;
      readonly modes: {
        readonly insertion: string;
        readonly scan: string;
        readonly key: string;
      };
      readonly target: string;
      readonly title: string;
      readonly chooseRecipe: string;
      readonly choosePlaceholder: string;
      readonly approvedOnly: string;
      readonly orderLabel: string;
      readonly countLabel: string;
      readonly begin: string;
      readonly noRecipes: string;
      readonly fingerprint: string;
      readonly recipe: string;
      readonly summary: Said<{ sealed: number; time: string | number; boards: number }>;
      readonly summaryShort: Said<{ sealed: number; time: string | number }>;
      readonly summaryCause: Said<{ boards: number; cause: string | number }>;
      readonly report: string;
    };
    readonly interrupted: {
      readonly title: string;
      readonly said: Said<{ order: string | number; time: string | number }>;
      readonly far: Said<{ passed: number }>;
      readonly farOf: Said<{ passed: number; count: number }>;
      readonly boards: Said<{ places: string | number }>;
      readonly resume: string;
      readonly leave: string;
    };
    readonly scanRule: {
      readonly title: string;
      readonly none: string;
      readonly insertion: string;
      readonly key: string;
      readonly name: string;
      readonly only: Said<{ fixture: string | number }>;
      readonly longest: Said<{ fixture: string | number }>;
      readonly next: string;
      readonly held: Said<{ serial: string | number }>;
      readonly chosen: Said<{ fixture: string | number; seconds: string | number }>;
      readonly bound: Said<{ serial: string | number; fixture: string | number }>;
      readonly boundStarts: Said<{ serial: string | number; fixture: string | number; seconds: string | number }>;
      readonly undo: string;
      readonly slow: Said<{ text: string | number }>;
      readonly slowNext: string;
      readonly noEnter: Said<{ text: string | number }>;
      readonly noEnterNext: string;
      readonly guided: string;
    };
    readonly alarms: {
      readonly title: string;
      readonly more: Said<{ count: number }>;
      readonly whole: string;
      readonly age: Said<{ time: string | number }>;
      readonly batch: string;
    };
    readonly detail: {
      readonly title: Said<{ fixture: string | number }>;
      readonly engineer: string;
      readonly what: string;
      readonly safe: string;
      readonly next: string;
      readonly code: string;
      readonly actor: string;
      readonly safety: {
        readonly untouched: string;
        readonly resumable: string;
        readonly condemned: string;
        readonly shut: string;
        readonly sealed: string;
        readonly 'no-board': string;
      };
      readonly burned: {
        readonly no: string;
        readonly begun: string;
        readonly yes: string;
        readonly unread: string;
      };
      readonly class: {
        readonly board: string;
        readonly fixture: string;
        readonly token: string;
        readonly ledger: string;
        readonly recipe: string;
        readonly program: string;
      };
      readonly acknowledge: string;
      readonly go: string;
      readonly labelAct: string;
      readonly labelText: string;
      readonly labelConfirm: string;
      readonly labelAgain: string;
      readonly openDevice: string;
      readonly step: string;
      readonly kind: string;
      readonly kinds: {
        readonly virtual: string;
        readonly real: string;
      };
      readonly address: string;
      readonly mac: string;
      readonly serial: string;
      readonly ended: string;
      readonly sealRow: Said<{ row: number }>;
      readonly original: string;
    };
    readonly verdictSaid: Said<{ fixture: string | number; outcome: string | number }>;
    readonly verdictSaidOf: Said<{ fixture: string | number; outcome: string | number; serial: string | number }>;
    readonly throughput: {
      readonly title: string;
      readonly perHour: string;
      readonly now: string;
      readonly target: string;
      readonly passed: string;
      readonly failed: string;
      readonly yield: string;
      readonly pareto: string;
      readonly paretoNone: string;
      readonly byFixture: string;
      readonly fixture: string;
      readonly cause: string;
      readonly hour: string;
      readonly mean: string;
      readonly contact: string;
      readonly contactOf: Said<{ troubled: number; boards: number }>;
      readonly wear: Said<{ fixture: string | number; troubled: number; boards: number }>;
      readonly seconds: Said<{ seconds: number }>;
      readonly gantt: string;
      readonly bottleneck: string;
      readonly noBottleneck: string;
      readonly window: string;
      readonly hours: {
        readonly 1: string;
        readonly 8: string;
        readonly 24: string;
        readonly 168: string;
      };
      readonly chartSays: Said<{ perHour: string | number; passed: string | number; failed: string | number }>;
      readonly ganttSays: Said<{ steps: string | number; fixtures: string | number }>;
      readonly fullScreen: string;
      readonly bottlenecks: {
        readonly operator: string;
        readonly 'line speed': string;
        readonly token: string;
        readonly 'slow nest': string;
      };
      readonly bottleneckIs: Said<{ what: string | number; share: string | number }>;
    };
    readonly shift: {
      readonly nav: string;
      readonly parts: {
        readonly now: string;
        readonly groups: string;
        readonly shift: string;
      };
      readonly groups: {
        readonly by: string;
        readonly ways: {
          readonly recipe: string;
          readonly revision: string;
          readonly order: string;
          readonly batch: string;
          readonly shift: string;
          readonly day: string;
          readonly hour: string;
          readonly fixture: string;
          readonly person: string;
        };
        readonly mean: string;
        readonly pace: string;
        readonly seconds: Said<{ seconds: string | number }>;
        readonly perHour: Said<{ boards: number }>;
        readonly cut: string;
        readonly empty: string;
      };
      readonly sheet: {
        readonly title: Said<{ shift: string | number }>;
        readonly before: string;
        readonly now: string;
        readonly print: string;
        readonly perOperatorHour: string;
        readonly takt: string;
        readonly target: Said<{ boards: number }>;
        readonly seconds: Said<{ seconds: string | number }>;
        readonly notes: string;
        readonly noNotes: string;
        readonly write: string;
        readonly handOver: string;
        readonly open: Said<{ count: number }>;
        readonly batches: string;
        readonly made: Said<{ order: string | number; sealed: number; recipe: string | number }>;
        readonly people: string;
        readonly worked: Said<{ sealed: number; hours: string | number }>;
      };
    };
    readonly devices: {
      readonly title: string;
      readonly search: string;
      readonly placeholder: string;
      readonly outcome: string;
      readonly any: string;
      readonly from: string;
      readonly to: string;
      readonly found: Said<{ count: string | number; ms: string | number }>;
      readonly none: string;
      readonly noneNext: string;
      readonly columns: {
        readonly mac: string;
        readonly serial: string;
        readonly state: string;
        readonly recipe: string;
        readonly batch: string;
        readonly at: string;
        readonly attempts: string;
      };
      readonly certify: string;
      readonly certificateAs: {
        readonly cose: string;
        readonly pdf: string;
      };
      readonly export: string;
      readonly exportAs: {
        readonly csv: string;
        readonly json: string;
        readonly pdf: string;
        readonly registration: string;
        readonly aws: string;
        readonly azure: string;
      };
      readonly exported: Said<{ name: string | number }>;
      readonly verify: string;
      readonly verifyTitle: string;
      readonly verifyWords: string;
      readonly verifyGo: string;
      readonly verifyOk: string;
      readonly verifyPart: string;
      readonly unproven: string;
      readonly verifyBad: string;
      readonly reading: string;
      readonly label: string;
      readonly history: string;
      readonly attempt: Said<{ n: string | number }>;
      readonly still: string;
      readonly events: Said<{ count: number }>;
      readonly sealed: string;
      readonly notSealed: string;
      readonly condemned: string;
      readonly released: string;
      readonly finishedLater: {
        readonly signature: string;
        readonly 'console-mac': string;
        readonly operator: string;
      };
      readonly facts: {
        readonly chip: string;
        readonly revision: string;
        readonly serial: string;
        readonly station: string;
        readonly fixture: string;
        readonly operator: string;
        readonly started: string;
        readonly sealed: string;
        readonly recipe: string;
        readonly batch: string;
        readonly plan: string;
        readonly secureVersion: string;
        readonly keysDestroyed: string;
        readonly finishedLater: string;
        readonly software: string;
        readonly label: string;
      };
      readonly images: string;
      readonly image: {
        readonly name: string;
        readonly offset: string;
        readonly length: string;
        readonly plain: string;
        readonly flash: string;
        readonly encrypted: string;
      };
      readonly keys: string;
      readonly key: {
        readonly role: string;
        readonly blocks: string;
        readonly fingerprint: string;
      };
      readonly certificate: string;
      readonly storage: string;
      readonly storedHow: {
        readonly none: string;
        readonly hmac: string;
        readonly nvs_keys: string;
      };
      readonly stored: Said<{ how: string | number; keys: string | number }>;
      readonly storedRow: Said<{ how: string | number; row: string | number; keys: string | number }>;
      readonly deviceKey: string;
      readonly certificateSerial: string;
      readonly publicKey: string;
      readonly efuses: string;
      readonly efuse: {
        readonly field: string;
        readonly before: string;
        readonly after: string;
        readonly locks: string;
        readonly frozen: string;
        readonly hidden: string;
        readonly byDoor: string;
      };
      readonly changedOnly: string;
      readonly secret: string;
      readonly waivers: string;
      readonly tabs: string;
    };
    readonly records: {
      readonly nav: string;
      readonly devices: string;
      readonly batches: string;
      readonly runs: string;
      readonly search: string;
      readonly again: string;
      readonly more: string;
      readonly runsScreen: {
        readonly title: string;
        readonly placeholder: string;
        readonly order: string;
        readonly outcome: string;
        readonly any: string;
        readonly open: string;
        readonly columns: {
          readonly at: string;
          readonly outcome: string;
          readonly mac: string;
          readonly serial: string;
          readonly fixture: string;
          readonly person: string;
          readonly recipe: string;
          readonly cause: string;
        };
        readonly found: Said<{ count: number }>;
        readonly foundSoFar: Said<{ count: number }>;
        readonly none: string;
        readonly noneYet: string;
        readonly noMac: string;
      };
      readonly run: {
        readonly title: Said<{ run: string | number }>;
        readonly device: string;
        readonly batch: string;
        readonly facts: {
          readonly mac: string;
          readonly serial: string;
          readonly recipe: string;
          readonly batch: string;
          readonly fixture: string;
          readonly person: string;
          readonly began: string;
          readonly ended: string;
        };
        readonly history: string;
        readonly none: string;
      };
      readonly batchesScreen: {
        readonly title: string;
        readonly placeholder: string;
        readonly columns: {
          readonly order: string;
          readonly batch: string;
          readonly recipe: string;
          readonly opened: string;
          readonly closed: string;
          readonly sealed: string;
          readonly others: string;
        };
        readonly sealedOf: Said<{ sealed: number; count: number }>;
        readonly none: string;
        readonly running: string;
      };
      readonly batch: {
        readonly report: string;
        readonly reportAs: {
          readonly pdf: string;
          readonly csv: string;
          readonly json: string;
        };
        readonly boards: string;
        readonly causes: string;
        readonly noCauses: string;
        readonly fixtures: string;
        readonly tried: Said<{ passed: number; others: number }>;
        readonly people: string;
        readonly mean: string;
        readonly pace: string;
        readonly perHour: Said<{ seconds: string | number; boards: number }>;
        readonly seconds: Said<{ seconds: string | number }>;
        readonly cut: string;
        readonly show: string;
        readonly all: Said<{ count: number }>;
        readonly notSealed: Said<{ count: number }>;
        readonly tries: string;
        readonly cause: string;
        readonly head: string;
        readonly headWhy: string;
        readonly headCode: string;
        readonly boardsMore: Said<{ shown: number; all: number }>;
        readonly certificate: string;
      };
      readonly compare: {
        readonly title: string;
        readonly open: string;
        readonly other: string;
        readonly notFound: string;
        readonly kinds: {
          readonly differs: Said<{ count: number }>;
          readonly own: Said<{ count: number }>;
          readonly same: Said<{ count: number }>;
        };
        readonly none: string;
        readonly name: string;
        readonly missing: string;
      };
    };
    readonly assurance: {
      readonly title: string;
      readonly counts: string;
      readonly section: string;
      readonly recommendation: string;
      readonly verdict: string;
      readonly evidence: string;
      readonly verdicts: {
        readonly met: string;
        readonly 'not met': string;
        readonly 'not shown': string;
        readonly waived: string;
        readonly 'not applicable': string;
      };
      readonly openOnly: string;
      readonly nothingOpen: string;
      readonly waived: Said<{ check: string | number; reason: string | number }>;
      readonly waivedBy: Said<{ check: string | number; by: string | number; reason: string | number }>;
      readonly counted: {
        readonly met: Said<{ count: string | number }>;
        readonly 'not met': Said<{ count: string | number }>;
        readonly 'not shown': Said<{ count: string | number }>;
        readonly waived: Said<{ count: string | number }>;
        readonly 'not applicable': Said<{ count: string | number }>;
      };
    };
    readonly recipes: {
      readonly title: string;
      readonly list: string;
      readonly states: {
        readonly draft: string;
        readonly rehearsed: string;
        readonly approved: string;
        readonly retired: string;
      };
      readonly new: string;
      readonly newTitle: string;
      readonly newName: string;
      readonly author: Said<{ name: string | number }>;
      readonly errors: Said<{ count: number }>;
      readonly approvedBy: Said<{ name: string | number }>;
      readonly form: string;
      readonly yaml: string;
      readonly findings: string;
      readonly noFindings: string;
      readonly severity: {
        readonly error: string;
        readonly warning: string;
        readonly info: string;
      };
      readonly line: Said<{ line: string | number }>;
      readonly waived: Said<{ reason: string | number }>;
      readonly guide: Said<{ section: string | number }>;
      readonly unsaved: string;
      readonly saved: string;
      readonly save: string;
      readonly revert: string;
      readonly rehearse: string;
      readonly rehearsing: string;
      readonly rehearsed: Said<{ time: string | number }>;
      readonly rehearsalFailed: string;
      readonly rehearsal: string;
      readonly rehearsedBy: Said<{ name: string | number; at: string | number }>;
      readonly notRehearsed: string;
      readonly approve: string;
      readonly approveTitle: string;
      readonly approveWords: string;
      readonly approved: string;
      readonly retire: string;
      readonly retireTitle: string;
      readonly retireReason: string;
      readonly retired: string;
      readonly remove: string;
      readonly removeTitle: string;
      readonly removeWords: string;
      readonly removed: string;
      readonly examples: string;
      readonly steps: string;
      readonly irreversible: string;
      readonly slots: string;
      readonly free: string;
      readonly bits: string;
      readonly bitsNone: string;
      readonly bit: {
        readonly field: string;
        readonly block: string;
        readonly bits: string;
        readonly reason: string;
      };
      readonly diff: string;
      readonly diffNone: string;
      readonly weaker: string;
      readonly flash: string;
      readonly stored: Said<{ partition: string | number }>;
      readonly storedList: Said<{ list: string | number }>;
      readonly choose: string;
      readonly noPlan: string;
      readonly tabs: string;
      readonly label: string;
      readonly labelSays: string;
      readonly fields: {
        readonly name: string;
        readonly revision: string;
        readonly description: string;
        readonly purpose: string;
        readonly chip: string;
        readonly siliconMin: string;
        readonly siliconMax: string;
        readonly firmware: string;
        readonly baudRate: string;
        readonly secureBoot: string;
        readonly revokeUnused: string;
        readonly flashEncryption: string;
        readonly encryptionMode: string;
        readonly identity: string;
        readonly hmacUp: string;
        readonly hmacDown: string;
        readonly provisioning: string;
        readonly jtag: string;
        readonly directBoot: string;
        readonly downloadMode: string;
        readonly secureVersion: string;
        readonly serialFrom: string;
        readonly serialPattern: string;
        readonly labelScanBack: string;
        readonly labelTemplate: string;
        readonly proofWhen: string;
        readonly proofTimeout: string;
        readonly proofChallenge: string;
        readonly secureBootKey0: string;
        readonly secureBootKey1: string;
        readonly secureBootKey2: string;
        readonly forceDownload: string;
        readonly romPrint: string;
        readonly usbDownload: string;
        readonly usbJtag: string;
        readonly usbSerialJtag: string;
      };
      readonly groups: {
        readonly product: string;
        readonly firmware: string;
        readonly protection: string;
        readonly doors: string;
        readonly proof: string;
      };
      readonly notSet: string;
      readonly signed: string;
      readonly encrypted: string;
      readonly fromBuild: {
        readonly begin: string;
        readonly title: string;
        readonly build: string;
        readonly note: string;
        readonly none: string;
        readonly taken: string;
      };
      readonly beyondForm: Said<{ names: string | number }>;
    };
    readonly station: {
      readonly title: string;
      readonly tabs: string;
      readonly deeds: {
        readonly title: string;
        readonly row: string;
        readonly at: string;
        readonly by: string;
        readonly what: string;
        readonly about: string;
        readonly detail: string;
        readonly older: string;
        readonly newest: string;
      };
      readonly fixtures: string;
      readonly teach: string;
      readonly teachTitle: string;
      readonly teachWords: string;
      readonly ports: string;
      readonly taken: Said<{ name: string | number }>;
      readonly noPorts: string;
      readonly name: string;
      readonly address: string;
      readonly addressLabel: string;
      readonly remove: string;
      readonly removeTitle: Said<{ name: string | number }>;
      readonly removeWords: string;
      readonly hsm: string;
      readonly tokenFacts: {
        readonly label: string;
        readonly serial: string;
        readonly model: string;
        readonly health: string;
        readonly sign: string;
        readonly embedded: string;
        readonly sessions: string;
        readonly spare: string;
      };
      readonly spareReady: Said<{ label: string | number; serial: string | number }>;
      readonly spareReadyMs: Said<{ label: string | number; serial: string | number; ms: number }>;
      readonly embedded: string;
      readonly hardware: string;
      readonly keys: string;
      readonly key: {
        readonly label: string;
        readonly algorithm: string;
        readonly use: string;
        readonly publicKey: string;
        readonly extractable: string;
      };
      readonly makeKeys: string;
      readonly makeKeysFor: string;
      readonly made: string;
      readonly accept: string;
      readonly acceptNote: string;
      readonly acceptReason: string;
      readonly accepted: string;
      readonly acceptClock: string;
      readonly acceptClockNote: string;
      readonly acceptClockReason: string;
      readonly people: string;
      readonly person: {
        readonly id: string;
        readonly name: string;
        readonly roles: string;
        readonly pin: string;
        readonly badge: string;
      };
      readonly addPerson: string;
      readonly takesTwo: string;
      readonly secondId: string;
      readonly secondPin: string;
      readonly editPerson: Said<{ name: string | number }>;
      readonly newPin: string;
      readonly newBadge: string;
      readonly printer: string;
      readonly printerAddress: string;
      readonly printTest: string;
      readonly printerFault: string;
      readonly printerNone: string;
      readonly set: string;
      readonly about: string;
      readonly aboutFacts: {
        readonly name: string;
        readonly version: string;
        readonly data: string;
        readonly head: string;
        readonly plant: string;
        readonly fixtures: string;
      };
      readonly plantStates: {
        readonly starting: string;
        readonly sending: string;
        readonly level: string;
        readonly away: string;
        readonly stopped: string;
      };
      readonly plantLag: Said<{ rows: number }>;
      readonly plantHeard: Said<{ time: string | number }>;
      readonly plantConflicts: Said<{ count: number }>;
      readonly head: Said<{ row: number; hash: string | number }>;
      readonly seats: string;
      readonly seatUsed: Said<{ time: string | number }>;
      readonly seatForget: string;
      readonly seatsNone: string;
      readonly verifyLedger: string;
      readonly ledgerWhole: Said<{ rows: number; head: string | number }>;
      readonly ledgerBroken: string;
      readonly ledgerBrokenNext: string;
      readonly licence: string;
      readonly uses: {
        readonly 'secure-boot': string;
        readonly 'device-ca': string;
        readonly wrapping: string;
        readonly ledger: string;
        readonly other: string;
      };
    };
    readonly first: {
      readonly title: string;
      readonly lead: string;
      readonly steps: {
        readonly you: string;
        readonly recipe: string;
        readonly board: string;
        readonly record: string;
      };
      readonly youTitle: string;
      readonly youWords: string;
      readonly id: string;
      readonly name: string;
      readonly pin: string;
      readonly next: string;
      readonly recipeTitle: string;
      readonly recipeWords: string;
      readonly run: string;
      readonly boardTitle: string;
      readonly recordTitle: string;
      readonly recordWords: string;
      readonly open: string;
      readonly finish: string;
      readonly skip: string;
      readonly notPassed: string;
      readonly again: string;
      readonly noRecipe: string;
    };
    readonly recovery: {
      readonly title: string;
      readonly words: string;
      readonly fixture: string;
      readonly named: string;
      readonly read: string;
      readonly reading: string;
      readonly state: {
        readonly blank: string;
        readonly met: string;
        readonly 'half-done': string;
        readonly sealed: string;
        readonly condemned: string;
        readonly foreign: string;
        readonly 'other-chip': string;
        readonly shut: string;
      };
      readonly facts: {
        readonly chip: string;
        readonly mac: string;
        readonly serial: string;
        readonly door: string;
      };
      readonly door: {
        readonly open: string;
        readonly secure: string;
        readonly disabled: string;
      };
      readonly notReadable: string;
      readonly board: string;
      readonly burned: string;
      readonly nothingBurned: string;
      readonly columns: {
        readonly where: string;
        readonly what: string;
        readonly by: string;
      };
      readonly byRun: Said<{ run: string | number; fixture: string | number }>;
      readonly byRunOf: Said<{ run: string | number; fixture: string | number; operator: string | number }>;
      readonly byNobody: string;
      readonly runs: string;
      readonly noRuns: string;
      readonly runColumns: {
        readonly at: string;
        readonly recipe: string;
        readonly fixture: string;
        readonly end: string;
      };
      readonly notEnded: string;
      readonly finish: string;
      readonly left: string;
      readonly lost: string;
      readonly waiting: string;
      readonly finishGo: string;
      readonly finishWords: string;
      readonly finished: Said<{ outcome: string | number }>;
      readonly finishedOf: Said<{ mac: string | number; outcome: string | number }>;
      readonly release: string;
      readonly condemn: string;
      readonly act: {
        readonly release: {
          readonly title: string;
          readonly words: string;
          readonly go: string;
          readonly done: string;
        };
        readonly condemn: {
          readonly title: string;
          readonly words: string;
          readonly go: string;
          readonly done: string;
        };
      };
      readonly reason: string;
      readonly takesTwo: string;
      readonly secondId: string;
      readonly secondPin: string;
      readonly device: string;
    };
    readonly help: {
      readonly title: string;
      readonly keys: {
        readonly list: {
          readonly key: string;
          readonly means: string;
        };
        readonly start: {
          readonly key: string;
          readonly means: string;
        };
        readonly sign: {
          readonly key: string;
          readonly means: string;
        };
        readonly stop: {
          readonly key: string;
          readonly means: string;
        };
        readonly next: {
          readonly key: string;
          readonly means: string;
        };
        readonly undo: {
          readonly key: string;
          readonly means: string;
        };
        readonly sound: {
          readonly key: string;
          readonly means: string;
        };
        readonly scheme: {
          readonly key: string;
          readonly means: string;
        };
        readonly screens: {
          readonly key: string;
          readonly means: string;
        };
        readonly arrows: {
          readonly key: string;
          readonly means: string;
        };
        readonly enter: {
          readonly key: string;
          readonly means: string;
        };
        readonly escape: {
          readonly key: string;
          readonly means: string;
        };
        readonly search: {
          readonly key: string;
          readonly means: string;
        };
        readonly scanner: {
          readonly key: string;
          readonly means: string;
        };
      };
    };
  };
  readonly answers: {
    readonly signedIn: Said<{ person: string | number }>;
    readonly starts: Said<{ fixture: string | number }>;
    readonly chosen: Said<{ fixture: string | number }>;
    readonly takenBack: Said<{ serial: string | number }>;
    readonly notChosen: Said<{ fixture: string | number }>;
    readonly shutBoard: Said<{ fixture: string | number; label: string | number; mac: string | number }>;
    readonly waitsAlready: Said<{ serial: string | number }>;
    readonly onNext: Said<{ serial: string | number }>;
    readonly onNextIn: Said<{ serial: string | number; fixture: string | number }>;
    readonly onBoardIn: Said<{ serial: string | number; fixture: string | number }>;
    readonly labelDone: Said<{ label: string | number }>;
    readonly labelScanned: Said<{ label: string | number }>;
    readonly labelFits: Said<{ fixture: string | number }>;
    readonly labelSent: Said<{ device: string | number }>;
    readonly testLabelSent: string;
  };
  readonly steps: {
    readonly prepare: string;
    readonly 'write-flash': string;
    readonly 'burn-keys': string;
    readonly protect: string;
    readonly 'device-encryption': string;
    readonly 'boot-proof': string;
    readonly 'shut-doors': string;
    readonly 'final-boot-proof': string;
    readonly 'destroy-keys': string;
  };
  readonly deeds: {
    readonly login: string;
    readonly logout: string;
    readonly 'login-refused': string;
    readonly 'call-refused': string;
    readonly 'recipe-draft': string;
    readonly 'recipe-rehearsed': string;
    readonly 'recipe-in-vain': string;
    readonly 'recipe-approved': string;
    readonly 'recipe-retired': string;
    readonly 'person-saved': string;
    readonly 'person-removed': string;
    readonly 'credential-made': string;
    readonly 'printer-set': string;
    readonly 'fixtures-set': string;
    readonly 'keys-made': string;
    readonly 'token-known': string;
    readonly 'key-making': string;
    readonly 'key-known': string;
    readonly 'key-undone': string;
    readonly 'clock-set': string;
    readonly 'token-switched': string;
    readonly signed: string;
    readonly 'key-used': string;
    readonly 'ledger-restored': string;
    readonly 'recipe-removed': string;
    readonly exported: string;
    readonly 'shift-handed-over': string;
    readonly 'development-work': string;
    readonly 'anonymous-tries': string;
    readonly 'seats-forgotten': string;
    readonly 'language-chosen': string;
    readonly 'head-witnessed': string;
    readonly 'head-refused': string;
    readonly 'head-cosigned': string;
    readonly 'order-taken': string;
    readonly 'leases-opened': string;
    readonly 'lease-taken': string;
    readonly 'lease-returned': string;
  };
  readonly names: {
    readonly program: string;
  };
  readonly terminal: {
    readonly batch: Said<{ passed: number; done: number; of: number }>;
    readonly batchOpen: Said<{ passed: number; done: number }>;
    readonly waiting: string;
    readonly absent: string;
    readonly tokenSilent: string;
    readonly tokenAgain: string;
    readonly diskSlow: string;
    readonly diskAgain: string;
    readonly passed: Said<{ board: string | number; time: string | number; row: string | number }>;
    readonly sealedRow: Said<{ row: string | number }>;
    readonly unknownBoard: string;
    readonly original: Said<{ words: string | number }>;
    readonly outcomes: {
      readonly failed: string;
      readonly refused: string;
      readonly errored: string;
      readonly aborted: string;
    };
    readonly safety: {
      readonly untouched: string;
      readonly resumable: string;
      readonly condemned: string;
      readonly shut: string;
      readonly sealed: string;
    };
    readonly findings: {
      readonly groups: {
        readonly errors: Said<{ count: string | number }>;
        readonly warnings: Said<{ count: string | number }>;
        readonly waived: Said<{ count: string | number }>;
        readonly notes: Said<{ count: string | number }>;
      };
      readonly notesHidden: Said<{ count: string | number }>;
      readonly severity: {
        readonly error: string;
        readonly warning: string;
        readonly info: string;
      };
      readonly letGo: Said<{ reason: string | number }>;
      readonly mayBeWaived: string;
      readonly guide: Said<{ section: string | number }>;
    };
  };
}
