// Writes the published JSON schemas anew: node test/tools/write-schemas.ts. A test holds the files to this.
import { writeFileSync } from 'node:fs';
import { schemaFiles } from '../unit/config/schema-files.ts';

for (const { file, text } of schemaFiles) writeFileSync(file, text);
