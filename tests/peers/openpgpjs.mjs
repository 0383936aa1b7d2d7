// A small OpenPGP.js program, so that tests can exchange messages with that library in both directions.
//
//   node openpgpjs.mjs decrypt --key secret.asc [--passphrase-file FILE] IN OUT
//   node openpgpjs.mjs encrypt --cert cert.asc [--v2] IN OUT
//
// IN and OUT are files of bytes; the message is binary or armoured on the way in, binary on the way out.
// The certificate alone decides on the SEIPD version (OpenPGP.js has no switch for it): with --v2 anything but version 2
// (RFC 9580, section 5.13.2) is an error. The library is looked for in the folder of node_modules that --modules or
// NODE_PATH names.

import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const USAGE = 'usage: openpgpjs.mjs decrypt --key FILE [--passphrase-file FILE] IN OUT\n'
  + '       openpgpjs.mjs encrypt --cert FILE [--v2] IN OUT';

/** Loads the library from outside the checkout: import() ignores NODE_PATH, a require made by hand does not. */
function library(folder) {
  return createRequire(join(resolve(folder), 'none.js'))('openpgp');
}

function isArmoured(bytes) {
  return Buffer.from(bytes.subarray(0, 64)).toString('latin1').trimStart().startsWith('-----BEGIN PGP');
}

/** Gives a reader of the library what it wants: text if the file is armoured, bytes if it is not. */
async function input(path, armoured, binary) {
  const bytes = new Uint8Array(await readFile(path));
  return isArmoured(bytes) ? { [armoured]: Buffer.from(bytes).toString('utf8') } : { [binary]: bytes };
}

async function secretKeys(pgp, keyFile, passphraseFile) {
  const locked = await pgp.readPrivateKeys(await input(keyFile, 'armoredKeys', 'binaryKeys'));
  if (!passphraseFile) return locked;
  const passphrase = (await readFile(passphraseFile, 'utf8')).replace(/\r?\n$/, '');
  return Promise.all(locked.map((privateKey) => pgp.decryptKey({ privateKey, passphrase })));
}

async function decrypt(pgp, options, source, target) {
  const decryptionKeys = await secretKeys(pgp, options.key, options['passphrase-file']);
  const message = await pgp.readMessage(await input(source, 'armoredMessage', 'binaryMessage'));
  const { data } = await pgp.decrypt({ message, decryptionKeys, format: 'binary' });
  await writeFile(target, data);
}

async function encrypt(pgp, options, source, target) {
  const encryptionKeys = await pgp.readKeys(await input(options.cert, 'armoredKeys', 'binaryKeys'));
  const message = await pgp.createMessage({ binary: new Uint8Array(await readFile(source)) });
  const sealed = await pgp.encrypt({ message, encryptionKeys, format: 'object' });
  const { version } = sealed.packets.at(-1);
  if (options.v2 && version !== 2) throw new Error(`SEIPD version ${version} was made: ${options.cert} does not advertise version 2`);
  await writeFile(target, sealed.write());
}

const VERBS = { decrypt: { run: decrypt, needs: 'key' }, encrypt: { run: encrypt, needs: 'cert' } };

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      key: { type: 'string' },
      cert: { type: 'string' },
      'passphrase-file': { type: 'string' },
      modules: { type: 'string' },
      v2: { type: 'boolean', default: false },
    },
  });
  const [verb, source, target, ...rest] = positionals;
  const chosen = Object.hasOwn(VERBS, verb ?? '') ? VERBS[verb] : undefined;
  if (!chosen || !target || rest.length > 0 || !values[chosen.needs]) throw new Error(USAGE);
  const folder = values.modules ?? process.env.NODE_PATH;
  if (!folder) throw new Error('neither --modules nor NODE_PATH names a folder of node_modules');
  await chosen.run(library(folder), values, source, target);
}

main().catch((error) => {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
});
