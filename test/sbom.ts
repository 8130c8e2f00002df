// `npm run sbom`: what the program is made of, as CycloneDX, from the lock file (npm's own tool; nothing is asked of a registry).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmWords, root } from './npm.ts';

const file = join(root, 'dist', 'sbom.cdx.json');
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  name: string;
  version: string;
};
const { status, out, err } = await npmWords([
  ...['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only', '--omit', 'dev'],
]);
if (status !== 0) {
  console.error(err);
  process.exitCode = 1;
} else {
  const bom = JSON.parse(out) as { metadata: { component: Record<string, unknown> }; components: unknown[] };
  // npm names the program by its folder
  Object.assign(bom.metadata.component, { name, version });
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(file, `${JSON.stringify(bom, null, 2)}\n`);
  console.log(`${bom.components.length} packages written to dist/sbom.cdx.json.`);
}
