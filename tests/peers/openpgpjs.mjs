// A small OpenPGP.js program, so that tests can exchange messages with that library in both directions.
//
//   node openpgpjs.mjs generate [--v2] SECRET CERT
//   node openpgpjs.mjs decrypt (--key SECRET [--passphrase-file FILE] | --password-file FILE) [--signer CERT] IN OUT
//   node openpgpjs.mjs encrypt (--cert CERT | --password-file FILE) [--v2] IN OUT
//
// IN, OUT, SECRET and CERT are files; the message is binary or armoured on the way in, binary on the way out. --v2 stands
// for RFC 9580: a key of version 6, Argon2 for a password, and SEIPD version 2, which with --cert the certificate alone
// decides on, so that anything else is an error. With --signer a signature that does not verify is an error, too. The
// library is looked for in the folder of node_modules that --modules or NODE_PATH names.

import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const USAGE = 'usage: openpgpjs.mjs generate [--v2] SECRET CERT\n'
  + '       openpgpjs.mjs decrypt (--key FILE [--passphrase-file FILE] | --password-file FILE) [--signer FILE] IN OUT\n'
  + '       openpgpjs.mjs encrypt (--cert FILE | --password-file FILE) [--v2] IN OUT';

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

/** The first line of a file. */
async function firstLine(path) {
  return (await readFile(path, 'utf8')).split(/\r?\n/)[0];
}

async function secretKeys(pgp, keyFile, passphraseFile) {
  const locked = await pgp.readPrivateKeys(await input(keyFile, 'armoredKeys', 'binaryKeys'));
  if (!passphraseFile) return locked;
  const passphrase = await firstLine(passphraseFile);
  return Promise.all(locked.map((privateKey) => pgp.decryptKey({ privateKey, passphrase })));
}

async function generate(pgp, options, secret, cert) {
  const config = { v6Keys: options.v2, aeadProtect: options.v2 };
  const type = options.v2 ? 'curve25519' : 'ecc';
  const made = await pgp.generateKey({ type, userIDs: [{ name: 'Vendor', email: 'js@example.org' }], config });
  await writeFile(secret, made.privateKey, { mode: 0o600 });
  await writeFile(cert, made.publicKey);
}

async function decrypt(pgp, options, source, target) {
  const message = await pgp.readMessage(await input(source, 'armoredMessage', 'binaryMessage'));
  const means = options.key
    ? { decryptionKeys: await secretKeys(pgp, options.key, options['passphrase-file']) }
    : { passwords: [await firstLine(options['password-file'])] };
  if (options.signer) means.verificationKeys = await pgp.readKeys(await input(options.signer, 'armoredKeys', 'binaryKeys'));
  const { data, signatures } = await pgp.decrypt({ message, format: 'binary', expectSigned: Boolean(options.signer), ...means });
  if (options.signer) await Promise.all(signatures.map(({ verified }) => verified));
  await writeFile(target, data);
}

async function encrypt(pgp, options, source, target) {
  const message = await pgp.createMessage({ binary: new Uint8Array(await readFile(source)) });
  const means = options.cert
    ? { encryptionKeys: await pgp.readKeys(await input(options.cert, 'armoredKeys', 'binaryKeys')) }
    : { passwords: [await firstLine(options['password-file'])] };
  const config = options.cert || !options.v2 ? {} : { aeadProtect: true, s2kType: pgp.enums.s2k.argon2 };
  const sealed = await pgp.encrypt({ message, format: 'object', config, ...means });
  const { version } = sealed.packets.at(-1);
  if (version !== (options.v2 ? 2 : 1)) throw new Error(`SEIPD version ${version} was made`);
  await writeFile(target, sealed.write());
}

const VERBS = {
  generate: { run: generate, needs: [] },
  decrypt: { run: decrypt, needs: ['key', 'password-file'] },
  encrypt: { run: encrypt, needs: ['cert', 'password-file'] },
};

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      key: { type: 'string' },
      cert: { type: 'string' },
      signer: { type: 'string' },
      'passphrase-file': { type: 'string' },
      'password-file': { type: 'string' },
      modules: { type: 'string' },
      v2: { type: 'boolean', default: false },
    },
  });
  const [verb, source, target, ...rest] = positionals;
  const chosen = Object.hasOwn(VERBS, verb ?? '') ? VERBS[verb] : undefined;
  const isComplete = chosen && target && rest.length === 0
    && (chosen.needs.length === 0 || chosen.needs.some((name) => values[name]));
  if (!isComplete) throw new Error(USAGE);
  const folder = values.modules ?? process.env.NODE_PATH;
  if (!folder) throw new Error('neither --modules nor NODE_PATH names a folder of node_modules');
  await chosen.run(library(folder), values, source, target);
}

main().catch((error) => {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
});
