import { z } from 'zod';
import { chipKinds } from '../model/chip.ts';
import { type Affected, componentQuestion, versionSpans } from '../model/component.ts';
import { type Problem, readYaml } from './yaml.ts';

/** Something published against a product, as a person wrote it down: what it concerns, any of the entries. */
export interface AdvisoryFile {
  readonly advisory: string;
  readonly title: string;
  readonly affects: readonly Affected[];
}

const spans = z
  .string()
  .max(200)
  .refine((text) => versionSpans(text) !== null, {
    message: 'These are no versions.',
    params: { remedy: 'Write them as <3.6.4, >=3.0 <3.6.4, or 3.6.1; several behind ||.' },
  });

const entry = z
  .strictObject({
    component: z
      .string()
      .max(512)
      .refine((text) => componentQuestion(text)?.versions === 'any', {
        message: 'This is no name of a component.',
        params: { remedy: 'Write a name, a package URL or the beginning of a CPE; versions go into versions.' },
      })
      .optional(),
    versions: spans.optional(),
    esp_idf: spans.optional(),
    chips: z.array(z.enum(chipKinds)).min(1).optional(),
    revisions: spans.optional(),
  })
  .superRefine(({ component, versions, esp_idf: espIdf, chips, revisions }, context) => {
    const told = (path: string, message: string, remedy: string) =>
      context.addIssue({ code: 'custom', path: [path], message, params: { remedy } });
    if (versions !== undefined && component === undefined)
      told('versions', 'versions are those of a component, and there is none.', 'Name the component, or use esp_idf.');
    if (revisions !== undefined && chips === undefined)
      told('revisions', 'revisions are those of chips, and there are none.', 'Name the chips.');
    if (component === undefined && espIdf === undefined && chips === undefined)
      told('component', 'The entry concerns every device.', 'Name a component, esp_idf or chips.');
  });

const advisory = z.strictObject({
  advisory: z.string().min(1).max(80),
  title: z.string().max(300).default(''),
  source: z.string().max(500).optional(),
  affects: z.array(entry).min(1).max(200),
});

/** Reads the text of an advisory file; every mistake with its line. */
export function parseAdvisory(
  text: string,
  file: string,
): { readonly advisory: AdvisoryFile | null; readonly problems: readonly Problem[] } {
  const { value, problems } = readYaml(text, file, advisory);
  if (value === null) return { advisory: null, problems };
  const affects = value.affects.map(({ component, versions, esp_idf: espIdf, chips, revisions }) => ({
    ...(component === undefined ? {} : { component: versions === undefined ? component : `${component}@${versions}` }),
    ...(espIdf === undefined ? {} : { espIdf }),
    ...(chips === undefined ? {} : { chips }),
    ...(revisions === undefined ? {} : { revisions }),
  }));
  return { advisory: { advisory: value.advisory, title: value.title, affects }, problems };
}
