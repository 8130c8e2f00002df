// What is publicly known of released versions of ESP-IDF. Data, not a service: nothing is asked for over the network, so a finding says
// of what date the table is. To bring it up to date: the release notes and https://github.com/espressif/esp-idf/security/advisories.

/** When this table was last compared with its sources. */
export const advisoriesDate = '2026-11-22';

/** A branch that gets no more fixes, security fixes included. */
export interface EndOfLife {
  /** `major.minor`; older branches ended before it. */
  readonly branch: string;
  /** Year and month. */
  readonly ended: string;
  readonly source: string;
}

/** The newest branch that has ended: each branch is supported for 30 months from its first release, so all older ones have too. */
export const endOfLife: EndOfLife = {
  branch: '5.2',
  ended: '2026-08',
  source: 'release notes of ESP-IDF v5.2.8; SUPPORT_POLICY.md',
};

export interface Advisory {
  readonly id: string;
  /** What an attacker gains, and where. */
  readonly title: string;
  /** Bugfix number of the first release with the fix, by branch. Branches that are not here are not known to be affected. */
  readonly fixed: Readonly<Record<string, number>>;
  /** Options of which one must be on for the code to be in the build; empty: whatever the build. */
  readonly options: readonly string[];
  readonly source: string;
}

export const advisories: readonly Advisory[] = [
  {
    id: 'CVE-2026-25532',
    title: 'a malformed WPS message makes a length negative in the Wi-Fi enrollee (memory corruption from radio range)',
    fixed: { '5.1': 7, '5.2': 7, '5.3': 5, '5.4': 4, '5.5': 3 },
    options: ['ESP_WIFI_ENABLED', 'ESP32_WIFI_ENABLED', 'ESP_HOST_WIFI_ENABLED'],
    source: 'NVD, CVE-2026-25532',
  },
  {
    id: 'CVE-2026-45541',
    title: 'a malformed Sec-WebSocket-Protocol header crashes esp_http_server before any log-in',
    fixed: { '5.2': 7, '5.3': 6, '5.4': 5, '5.5': 5, '6.0': 1 },
    options: ['HTTPD_WS_SUPPORT'],
    source: 'NVD, CVE-2026-45541',
  },
  {
    id: 'CVE-2026-45328',
    title: 'the secure services of esp_tee give the application what the TEE was to keep from it',
    fixed: { '5.5': 5, '6.0': 1 },
    options: ['SECURE_ENABLE_TEE'],
    source: 'NVD, CVE-2026-45328',
  },
];

/** A version of ESP-IDF: `v5.5.4`, `5.5.4-12-gabc`, `v6.0`. Null for anything that names no release. */
export function parseIdfVersion(
  text: string,
): { readonly branch: string; readonly bugfix: number; readonly prerelease: boolean } | null {
  const match = /^v?(\d+)\.(\d+)(?:\.(\d+))?(?:-(.+))?$/.exec(text.trim());
  if (match === null) return null;
  const tail = match[4] ?? '';
  return {
    branch: `${match[1]}.${match[2]}`,
    bugfix: Number(match[3] ?? 0),
    prerelease: /^(dev|beta|rc|alpha)/.test(tail),
  };
}

/** Whether branch `a` is not newer than branch `b`. */
export function isUpTo(a: string, b: string): boolean {
  const [[majorA = 0, minorA = 0], [majorB = 0, minorB = 0]] = [a, b].map((branch) =>
    branch.split('.').map(Number),
  ) as [number[], number[]];
  return majorA < majorB || (majorA === majorB && minorA <= minorB);
}
