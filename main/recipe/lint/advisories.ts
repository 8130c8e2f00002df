// What is publicly known of released versions of ESP-IDF. Data, not a service: nothing is asked for over the network, so a finding says
// of what date the table is. To bring it up to date: the release notes and https://github.com/espressif/esp-idf/security/advisories.

import type { ChipKind } from '../../model/chip.ts';

/** When this table was last compared with its sources. */
export const advisoriesDate = '2026-11-26';

/** A branch that gets no more fixes, security fixes included. */
export interface EndOfLife {
  /** `major.minor`. */
  readonly branch: string;
  /** Year and month. */
  readonly ended: string;
  readonly source: string;
}

/** Oldest first. Each branch is supported for 30 months from its first release, so what is older than one of these has ended before it. */
export const endsOfLife: readonly EndOfLife[] = [
  { branch: '4.4', ended: '2024-07', source: 'ESP-IDF ROADMAP.md of 2024' },
  {
    branch: '5.1',
    ended: '2025-12',
    source: 'ESP-IDF ROADMAP.md of 2024 (maintenance from June 2024, 18 months); SUPPORT_POLICY.md',
  },
  { branch: '5.2', ended: '2026-08', source: 'release notes of ESP-IDF v5.2.8; SUPPORT_POLICY.md' },
];

export interface Advisory {
  readonly id: string;
  /** What an attacker gains, and where. */
  readonly title: string;
  /** Bugfix number of the first release with the fix, by branch. Branches that are not here are not known to be affected. */
  readonly fixed: Readonly<Record<string, number>>;
  /** Branches of which every release that this table knows is affected, and none with the fix is known. */
  readonly unfixed?: readonly string[];
  /** Options of which one must be on for the code to be in the build; empty: whatever the build. */
  readonly options: readonly string[];
  /** It is in the image only where the application calls it, which no option tells. */
  readonly onUse?: true;
  /** Chips whose build can hold the code; left out: all. */
  readonly chips?: readonly ChipKind[];
  readonly source: string;
}

const wifi = ['ESP_WIFI_ENABLED', 'ESP32_WIFI_ENABLED', 'ESP_HOST_WIFI_ENABLED'];
const bluetooth = ['BT_ENABLED'];
/** Chips that speak classic Bluetooth, to which audio belongs. */
const classicBluetooth: readonly ChipKind[] = ['esp32'];

/** Chips with a build of esp_tee (its Kconfig.projbuild). */
const teeChips: readonly ChipKind[] = ['esp32c6', 'esp32h2', 'esp32c5', 'esp32c61'];

/** Of ESP-IDF. Where a source names only the last release that is affected, the next counts as fixed. */
export const advisories: readonly Advisory[] = [
  {
    id: 'CVE-2026-113780',
    title:
      'esp_tee takes the stack pointer of the application unlooked at: what it writes there may be memory of the TEE',
    fixed: {},
    unfixed: ['5.5', '6.0', '6.1'],
    options: ['SECURE_ENABLE_TEE'],
    chips: teeChips,
    source:
      'CVE record of 2026-11-04 (cvelistV5), GHSA-49x8-xqjg-2pjg; its fix, ESP-IDF 773761abb89, is in no release up to 5.5.5 and 6.0.2 (July 2026)',
  },
  {
    id: 'CVE-2026-81507',
    title: 'a short L2CAP packet makes the classic Bluetooth stack give away what lies behind its buffer',
    fixed: { '5.2': 8, '5.3': 6, '5.4': 5, '5.5': 5, '6.0': 3 },
    options: ['BT_CLASSIC_ENABLED', 'CLASSIC_BT_ENABLED'],
    chips: classicBluetooth,
    source:
      'CVE record of 2026-10-13 (cvelistV5), GHSA-v335-fxwc-rc44; ESP-IDF 14c99559b43 and its picks (1e07f6d83ca in 5.5.5, 9a6d04f65e0 behind 6.0.2, 5731c63ece1 behind 5.4.4, 8de265dc44b behind 5.3.5, c2610255a5a behind 5.2.7)',
  },
  {
    id: 'CVE-2023-24023',
    title: 'sessions of classic Bluetooth can be given weak keys, and keys that were used before (BLUFFS)',
    fixed: {},
    unfixed: ['4.4', '5.0', '5.1', '5.2', '5.3', '5.4', '5.5', '6.0', '6.1'],
    options: ['BT_CLASSIC_ENABLED', 'CLASSIC_BT_ENABLED'],
    chips: classicBluetooth,
    source:
      'Espressif AR2023-010 V1.0, 2024-01-18: a fault of the Bluetooth specification, whatever the release of ESP-IDF; only chips of the ESP32 series',
  },
  {
    id: 'CVE-2026-25532',
    title: 'a malformed WPS message makes a length negative in the Wi-Fi enrollee (memory corruption from radio range)',
    fixed: { '5.1': 7, '5.2': 7, '5.3': 5, '5.4': 4, '5.5': 3 },
    options: wifi,
    source: 'NVD, CVE-2026-25532; GHSA-m2h2-683f-9mw7',
  },
  {
    id: 'CVE-2026-45541',
    title: 'a malformed Sec-WebSocket-Protocol header crashes esp_http_server before any log-in',
    fixed: { '5.2': 7, '5.3': 6, '5.4': 5, '5.5': 5, '6.0': 1 },
    options: ['HTTPD_WS_SUPPORT'],
    source: 'NVD, CVE-2026-45541; GHSA-3j8v-xgrq-5vg8',
  },
  {
    id: 'CVE-2026-45328',
    title: 'the secure services of esp_tee give the application what the TEE was to keep from it',
    fixed: { '5.5': 5, '6.0': 1 },
    options: ['SECURE_ENABLE_TEE'],
    source: 'NVD, CVE-2026-45328; GHSA-mmgp-73p4-92xp',
  },
  {
    id: 'CVE-2026-45329',
    title: 'the secure services of esp_tee read where the application points, in memory of the TEE too',
    fixed: { '5.5': 5, '6.0': 1 },
    options: ['SECURE_ENABLE_TEE'],
    source: 'GHSA-w82j-7q63-7pqm; ESP-IDF eebabaff2fd (5.5.5), 7867f4a5756 (6.0.1)',
  },
  {
    id: 'CVE-2026-45542',
    title: 'an over-long user name in the first message of provisioning security 2 corrupts the heap',
    fixed: { '5.2': 7, '5.3': 6, '5.4': 5, '5.5': 5, '6.0': 1 },
    options: ['ESP_PROTOCOMM_SUPPORT_SECURITY_VERSION_2'],
    source: 'NVD, CVE-2026-45542; GHSA-9r76-858f-v6jh',
  },
  {
    id: 'CVE-2026-45160',
    title: 'a crafted DHCP request makes the DHCP server of a SoftAP read beyond the packet',
    fixed: { '5.2': 8, '5.3': 6, '5.4': 5, '5.5': 5, '6.0': 2 },
    options: ['LWIP_DHCPS'],
    source: 'NVD, CVE-2026-45160; GHSA-g764-gwc3-75m5',
  },
  {
    id: 'CVE-2026-55687',
    title: 'a malformed picture makes the JPEG decoder write beyond its stack',
    fixed: { '5.3': 6, '5.4': 5, '5.5': 5, '6.0': 2 },
    options: [],
    onUse: true,
    chips: ['esp32p4'],
    source: 'NVD, CVE-2026-55687; GHSA-v6r2-f6p2-88cj',
  },
  {
    id: 'CVE-2026-46532',
    title: 'a vendor command makes the Bluetooth AVRCP target read beyond its buffer',
    fixed: { '5.2': 7, '5.3': 6, '5.4': 5, '5.5': 4, '6.0': 1 },
    options: ['BT_A2DP_ENABLE', 'A2DP_ENABLE'],
    chips: classicBluetooth,
    source: 'NVD, CVE-2026-46532; GHSA-3pp8-42fh-3j3c',
  },
  {
    id: 'CVE-2026-25507',
    title: 'provisioning over Bluetooth LE uses memory that it has given back',
    fixed: { '5.1': 7, '5.2': 7, '5.3': 5, '5.4': 4, '5.5': 3 },
    options: bluetooth,
    source: 'NVD, CVE-2026-25507; GHSA-h7r3-gmg9-xjmg',
  },
  {
    id: 'CVE-2026-25508',
    title: 'provisioning over Bluetooth LE does not hold lengths against its buffers: it reads beyond what was sent',
    fixed: { '5.1': 7, '5.2': 7, '5.3': 5, '5.4': 4, '5.5': 3 },
    options: bluetooth,
    source:
      'GHSA-9j5x-rf36-54x9 (vulnerabilities.rst names this and CVE-2026-25507 the other way round; one fix is for both)',
  },
  {
    id: 'CVE-2025-68473',
    title: 'a crafted SDP result makes the classic Bluetooth stack write beyond its buffer',
    fixed: { '5.1': 7, '5.2': 7, '5.3': 5, '5.4': 4, '5.5': 3 },
    options: ['BT_CLASSIC_ENABLED', 'CLASSIC_BT_ENABLED'],
    chips: classicBluetooth,
    source:
      'GHSA-hmjj-rjvv-w8pq; ESP-IDF 158519cf8ca, 5a2b29fe821 (5.5.3) and their picks to 5.1.7, 5.2.7, 5.3.5, 5.4.4',
  },
  {
    id: 'CVE-2025-66409',
    title: 'a crafted AVRCP command makes the classic Bluetooth stack read beyond its buffer',
    fixed: { '5.1': 7, '5.2': 7, '5.3': 5, '5.4': 4, '5.5': 2 },
    options: ['BT_A2DP_ENABLE', 'A2DP_ENABLE'],
    chips: classicBluetooth,
    source: 'GHSA-qhf9-vr2h-jh96; ESP-IDF 999710fccf9 (5.5.2) and its picks to 5.1.7, 5.2.7, 5.3.5, 5.4.4',
  },
  {
    id: 'CVE-2025-65092',
    title: 'the JPEG decoder does not hold the markers of a picture against its length and reads beyond it',
    fixed: { '5.3': 5, '5.4': 4, '5.5': 2 },
    options: [],
    onUse: true,
    chips: ['esp32p4'],
    source: 'GHSA-vcw6-jc3p-4gj8; ESP-IDF 4b8f5859dbe (5.5.2) and its picks to 5.3.5, 5.4.4',
  },
  {
    id: 'CVE-2025-64342',
    title: 'a connection request with an invalid access address disturbs the Bluetooth controller from radio range',
    fixed: { '5.1': 7, '5.2': 6, '5.3': 4, '5.4': 3, '5.5': 1 },
    options: bluetooth,
    chips: ['esp32'],
    source:
      'GHSA-8mg7-9qpg-p92v; controller library 3a27e2e in 5.5.1 (ESP-IDF 6434f7f82e2), 5.1.7, 5.2.6, 5.3.4, 5.4.3',
  },
  {
    id: 'CVE-2025-68474',
    title: 'a vendor command makes the Bluetooth AVRCP code write beyond its buffer',
    fixed: { '5.1': 7, '5.2': 7, '5.3': 5, '5.4': 4, '5.5': 2 },
    options: ['BT_A2DP_ENABLE', 'A2DP_ENABLE'],
    chips: classicBluetooth,
    source: 'NVD, CVE-2025-68474 (affected up to 5.5.1, 5.4.3, 5.3.4, 5.2.6, 5.1.6); GHSA-43gh-7r4f-qp57',
  },
  {
    id: 'CVE-2025-55297',
    title:
      'the BluFi example, from which products are made, writes beyond its buffers for credentials and key exchange',
    fixed: { '5.0': 9, '5.1': 6, '5.2': 6, '5.3': 3, '5.4': 1 },
    options: ['BT_BLE_BLUFI_ENABLE', 'BT_NIMBLE_BLUFI_ENABLE', 'BLUFI_ENABLE'],
    onUse: true,
    source: 'GHSA-9w88-r2vm-qfc4; ESP-IDF 5f93ec3b11b (5.4.1) and its picks to 5.0.9, 5.1.6, 5.2.6, 5.3.3',
  },
  {
    id: 'CVE-2025-52471',
    title: 'a short ESP-NOW frame makes a length negative: memory can be written from radio range',
    fixed: { '5.1': 7, '5.2': 6, '5.3': 4, '5.4': 2 },
    options: wifi,
    source: 'NVD, CVE-2025-52471 (which names 5.1.6 both as affected and as fixed); GHSA-hqhh-cp47-fv5g',
  },
  {
    id: 'CVE-2024-53845',
    title: 'ESPTouch v2 encrypts credentials with a constant IV',
    fixed: { '5.0': 8, '5.1': 6, '5.2': 4, '5.3': 2 },
    options: wifi,
    source: 'NVD, CVE-2024-53845; GHSA-wm57-466g-mhrr',
  },
  {
    id: 'CVE-2024-28183',
    title:
      'an application can be exchanged for an older one between the bootloader’s check of its version and its start',
    fixed: { '4.4': 7, '5.0': 7, '5.1': 4, '5.2': 1 },
    options: ['BOOTLOADER_APP_ANTI_ROLLBACK', 'APP_ANTI_ROLLBACK'],
    source: 'GHSA-22x6-3756-pfp8; esp_image_format.c, process_esp_app_desc_data (first in 4.4.7, 5.0.7, 5.1.4, 5.2.1)',
  },
  {
    id: 'CVE-2023-52160',
    title: 'the Wi-Fi client can be led to leave the second phase of PEAP out, and so to believe a false access point',
    fixed: { '4.4': 8, '5.0': 7, '5.1': 4, '5.2': 2 },
    options: wifi,
    onUse: true,
    source:
      'Espressif AR2024-003; ESP-IDF 4db2ef0f333 (4.4.8), 34121bdeac6 (5.0.7), 6f9cc06b307 (5.1.4), b761052e6b1 (5.2.2)',
  },
  {
    id: 'CVE-2022-24893',
    title: 'a malformed segment while a Bluetooth mesh device is provisioned writes beyond its buffer',
    fixed: { '4.4': 2 },
    options: ['BLE_MESH'],
    source: 'GHSA-7f7f-jj2q-28wm; ESP-IDF 5aa6fa39ea2 and its picks (April 2022)',
  },
  {
    id: 'CVE-2020-26142',
    title: 'fragmented frames of A-MPDUs are taken by the Wi-Fi stack (FragAttacks)',
    fixed: { '5.0': 5, '5.1': 3 },
    options: wifi,
    source: 'Espressif AR2023-008; ESP-IDF 5402e14cfb8 (5.0.5), b3c71235687 (5.1.3)',
  },
  {
    id: 'CVE-2020-22283',
    title: 'an ICMPv6 answer of lwIP writes beyond its buffer',
    fixed: { '4.4': 2 },
    options: ['LWIP_IPV6'],
    source: 'ESP-IDF vulnerabilities.rst (which says 4.4.1); 47414efe0b1, first in 4.4.2',
  },
  {
    id: 'CVE-2020-22284',
    title: 'the ZigBee encapsulation of lwIP writes beyond its buffer',
    fixed: { '4.4': 2 },
    options: [],
    onUse: true,
    source: 'ESP-IDF vulnerabilities.rst (which says 4.4.1); 47414efe0b1, first in 4.4.2',
  },
];

/** What is known against the silicon itself. No build mends it. */
export interface ChipAdvisory {
  readonly id: string;
  readonly title: string;
  readonly chips: readonly ChipKind[];
  /** What a recipe must use to be concerned. */
  readonly concerns: 'ecdsa-secure-boot' | 'flash-encryption' | 'boot-security';
  readonly remedy: string;
  readonly source: string;
}

const holder =
  'Give every device keys of its own and keep nothing in it that opens another; waive this with the reason if that is enough.';

export const chipAdvisories: readonly ChipAdvisory[] = [
  {
    id: 'AR2026-006',
    title:
      'the ROM does not test that r and s of an ECDSA signature lie within the order of the curve: firmware with an invalid signature can be made to start',
    chips: ['esp32p4', 'esp32h2', 'esp32c5', 'esp32c61'],
    concerns: 'ecdsa-secure-boot',
    remedy: 'Use rsa3072 where the chip has it; there is no fix in software.',
    source: 'Espressif AR2026-006 V1.1, 2026-07-28',
  },
  {
    id: 'AR2026-005',
    title: 'voltage glitches on the AES accelerator give its keys to somebody who holds the device',
    chips: ['esp32s3'],
    concerns: 'boot-security',
    remedy: holder,
    source: 'Espressif AR2026-005',
  },
  {
    id: 'AR2023-007',
    title:
      'power analysis and fault injection together get around Secure Boot and flash encryption for somebody who holds the device',
    chips: ['esp32c3', 'esp32c6'],
    concerns: 'boot-security',
    remedy: holder,
    source: 'Espressif AR2023-007',
  },
  {
    id: 'AR2023-005',
    title:
      'electromagnetic pulses (EMFI) get around Secure Boot and flash encryption for somebody who holds the device',
    chips: ['esp32'],
    concerns: 'boot-security',
    remedy: holder,
    source: 'Espressif AR2023-005 (CVE-2023-35818), chip revisions v3.0 and v3.1',
  },
  {
    id: 'AR2022-003',
    title: 'power analysis of the AES core can give the flash encryption key to somebody who holds the device',
    chips: ['esp32', 'esp32s2', 'esp32c3', 'esp32s3'],
    concerns: 'flash-encryption',
    remedy: holder,
    source: 'Espressif AR2022-003 V2.0, 2022-11-18 (shown on ESP32 v3.0; the others are named as potentially affected)',
  },
];

/** A version of ESP-IDF as builds state it (git describe, version.txt). */
export interface IdfVersion {
  /** `major.minor`. */
  readonly branch: string;
  readonly bugfix: number;
  /** Older than the release that it names (`-dev`, `-beta`, `-rc`). */
  readonly prerelease: boolean;
  /** Commits behind that release (`-12-gabc`): it may hold some of what the next one brings. */
  readonly later: boolean;
}

/**
 * `v5.5.4`, `5.5.4-12-gabc-dirty`, `v6.0`, `v6.0-dev-1234-gabc`; PlatformIO and vendors append numbers and words of their own. Null for anything
 * that names no release.
 */
export function parseIdfVersion(text: string): IdfVersion | null {
  const match = /^(?:esp-idf[-: ]*)?v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-.+_ ](.+))?$/i.exec(text.trim());
  if (match === null) return null;
  const tail = match[4] ?? '';
  return {
    branch: `${match[1]}.${match[2]}`,
    bugfix: Number(match[3] ?? 0),
    prerelease: /^(dev|beta|rc|alpha)/i.test(tail),
    later: /^\d+-g[0-9a-f]+/i.test(tail),
  };
}

/** Whether code that the releases `has` names may be in this version: where it lies between two releases, in either of them. */
export function mayBeIn(version: IdfVersion, has: (branch: string, bugfix: number) => boolean): boolean {
  const { branch, bugfix, prerelease, later } = version;
  if (has(branch, bugfix)) return true;
  if (later && !prerelease && has(branch, bugfix + 1)) return true;
  if (!prerelease) return false;
  if (bugfix > 0) return has(branch, bugfix - 1);
  const before = branchBefore(branch);
  return before !== null && has(before, 0);
}

/** Last minor number of each major one that has ended. */
const lastMinors: Readonly<Record<number, number>> = { 4: 4, 5: 5 };

/** The branch that left master before this one. */
function branchBefore(branch: string): string | null {
  const [major = 0, minor = 0] = branch.split('.').map(Number);
  if (minor > 0) return `${major}.${minor - 1}`;
  const last = lastMinors[major - 1];
  return last === undefined ? null : `${major - 1}.${last}`;
}

/** The branch that left master behind this one. */
export function branchAfter(branch: string): string {
  const [major = 0, minor = 0] = branch.split('.').map(Number);
  return lastMinors[major] === minor ? `${major + 1}.0` : `${major}.${minor + 1}`;
}

/** Whether branch `a` is not newer than branch `b`. */
export function isUpTo(a: string, b: string): boolean {
  const [[majorA = 0, minorA = 0], [majorB = 0, minorB = 0]] = [a, b].map((branch) =>
    branch.split('.').map(Number),
  ) as [number[], number[]];
  return majorA < majorB || (majorA === majorB && minorA <= minorB);
}
