// Where Espressif's mask-ROM ELF files come from: the crate espflash holds them (resources/roms), with symbols. They are fetched on
// demand and held against the digests below; nothing of them is in this repository.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { madeOnce } from '../tools/made-once.ts';

const crate = { name: 'espflash', version: '4.7.0' };

/** SHA-256 of each file that is run. The crate's others are of Xtensa chips (ESP32, S2, S3), which Unicorn does not run, and of a C3 between. */
const digests = {
  'esp32c2_rev100_rom.elf': '8f1c0fefbe7b2531d34733d0181a1f41d34319f7eba7d808628b54a4e80dcce4',
  'esp32c3_rev0_rom.elf': '11d565922e0a405b477756de748a14046f86dfb40d997766252a04cb378f0694',
  'esp32c3_rev101_rom.elf': '9495e1453f36f7eec4112714ea1dca22d77808776adffa93dda7dda4393e8336',
  'esp32c5_rev100_rom.elf': '49693d745eb4b4e6e6c77be4f5213765d545d8c7a1d9742a8a619bf596c4e27a',
  'esp32c61_rev100_rom.elf': 'c4ee94d3a8e335da4ef5f30a8a1ebb9691e639f1c773f484e9ba721aa1557c2e',
  'esp32c6_rev0_rom.elf': '788e1d38724aeb8fd974fa10c4a7b089c02627d35342ce84b9e0b12b239f3551',
  'esp32h2_rev0_rom.elf': 'f3aa0a0325947c4dfe886d7c342b84682b54c3374324fec08c7347d3cb1f0bde',
  'esp32p4_rev0_rom.elf': '948f2c7d108d04a9c3a982f9c1c498fb17f2c4a68abc51f87782592034d7ce44',
  'esp32p4_rev300_rom.elf': 'af1c53b06c73c08659543b3b0c1e899d834213cf7c67b48418fd110c2d99b6f0',
  'esp32s31_rev0_rom.elf': 'a52ad7513deb656a910a5740125f1cce2c7941f11ce57213b7b43aea93d5ab87',
};

const execute = promisify(execFile);

/**
 * Copies the files out of cargo's registry, which `cargo info` fills with this one crate and none of those it stands on (1.1 s and 20 MB
 * in an empty home; `cargo fetch` of a manifest that names it: 2.4 s and 89 MB).
 */
async function fetchInto(folder: string): Promise<string | null> {
  try {
    // outside of every package, so that no lock file or toolchain file has a say
    await execute('cargo', ['info', '--quiet', `${crate.name}@${crate.version}`], { cwd: tmpdir(), timeout: 120_000 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'cargo is not installed';
    const { stderr, message } = error as { stderr?: string; message: string };
    return `cargo could not fetch ${crate.name} ${crate.version} (${(stderr || message).trim().split('\n')[0]})`;
  }
  const home = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
  const [source] = globSync(`registry/src/*/${crate.name}-${crate.version}/resources/roms`, { cwd: home });
  if (source === undefined) return `cargo has not unpacked ${crate.name} ${crate.version}`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const file of Object.keys(digests)) cpSync(join(home, source, file), join(folder, file));
  return null;
}

/** The folder with the files, fetched when it is not there yet; or why there is none. Throws an Error where a file is not the pinned one. */
export async function romFolder(): Promise<{ readonly folder: string } | { readonly missing: string }> {
  const made = await madeOnce(`rom-${crate.name}-${crate.version}`, fetchInto);
  if ('missing' in made) return made;
  for (const [file, digest] of Object.entries(digests)) {
    const path = join(made.folder, file);
    const found = existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'absent';
    if (found !== digest)
      throw new Error(`${path} is not the ROM that is pinned here: SHA-256 ${found}, not ${digest}`);
  }
  return made;
}
