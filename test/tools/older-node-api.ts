// Lets better-sqlite3 run in an Electron whose Node.js is older than it wants. It asks for Node-API 10 for one thing alone: references to
// strings (its src/util/constants.cpp). An older Node.js gives references to objects; so a string is held in an array of one.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** In x86-64: `node_api_module_get_api_version_v1` gives 10. */
const asksFor10 = Buffer.from('f30f1efab80a000000c3', 'hex');

const functions = ['create_reference', 'get_reference_value', 'delete_reference'];

/** A reference to a held value is odd: those of Node.js are even addresses. */
const source = `
#include <stddef.h>
#include <stdint.h>
typedef struct env *Env;
typedef struct value *Value;
typedef struct ref *Ref;
enum { ok, object = 6, function = 7, symbol = 5 };
int napi_typeof(Env, Value, int *);
int napi_create_array_with_length(Env, size_t, Value *);
int napi_set_element(Env, Value, uint32_t, Value);
int napi_get_element(Env, Value, uint32_t, Value *);
int napi_create_reference(Env, Value, uint32_t, Ref *);
int napi_get_reference_value(Env, Ref, Value *);
int napi_delete_reference(Env, Ref);
static Ref even(Ref ref) { return (Ref)((uintptr_t)ref & ~(uintptr_t)1); }

int nap9_create_reference(Env env, Value value, uint32_t count, Ref *ref) {
  int type, status = napi_typeof(env, value, &type);
  Value held;
  if (status != ok) return status;
  if (type == object || type == function || type == symbol) return napi_create_reference(env, value, count, ref);
  if ((status = napi_create_array_with_length(env, 1, &held)) != ok) return status;
  if ((status = napi_set_element(env, held, 0, value)) != ok) return status;
  if ((status = napi_create_reference(env, held, count, ref)) != ok) return status;
  *ref = (Ref)((uintptr_t)*ref | 1);
  return ok;
}

int nap9_get_reference_value(Env env, Ref ref, Value *value) {
  int status = napi_get_reference_value(env, even(ref), value);
  if (status != ok || ref == even(ref) || *value == NULL) return status;
  return napi_get_element(env, *value, 0, value);
}

int nap9_delete_reference(Env env, Ref ref) { return napi_delete_reference(env, even(ref)); }
`;

/**
 * Changes the compiled module so that it asks for Node-API 9 and calls these functions, and compiles them to `node-api.so` in the folder,
 * which has to be loaded before (LD_PRELOAD). Gives back why that cannot be done here.
 */
export async function olderNodeApi(module: string, folder: string): Promise<string | null> {
  const bytes = readFileSync(module);
  const at = bytes.indexOf(asksFor10);
  if (at < 0) return 'better-sqlite3 is not compiled as the one that is known here';
  bytes[at + 5] = 9;
  for (const name of functions) {
    const named = bytes.indexOf(`\0napi_${name}\0`);
    if (named < 0) return `better-sqlite3 does not call napi_${name}`;
    bytes[named + 4] = '9'.charCodeAt(0);
  }
  writeFileSync(module, bytes);
  const file = join(folder, 'node-api.c');
  writeFileSync(file, source);
  try {
    await execute('cc', ['-shared', '-fPIC', '-O1', '-o', join(folder, 'node-api.so'), file]);
    return null;
  } catch (error) {
    return `an older Electron needs a C compiler here (${(error as Error).message.split('\n')[0]})`;
  }
}
