// Judges every document of a folder: the strict schema and the mandatory tests of CSAF 2.0.
//
//   node csaf.mjs NODE_MODULES FOLDER
//
// Prints each fault, then how many documents and faults there were; ends with 1 if there was one.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, folder] = process.argv.slice(2);
const library = (file) => import(pathToFileURL(join(modules, "@secvisogram/csaf-validator-lib", file)));
const { csaf_2_0_strict } = await library("schemaTests.js");
const tests = { csaf_2_0_strict, ...(await library("mandatoryTests.js")) };
const names = Object.keys(tests);
if (names.length < 40) throw new Error(`only ${names.length} tests were found`);

let faults = 0;
const documents = readdirSync(folder).sort();
for (const file of documents) {
  const document = JSON.parse(readFileSync(join(folder, file), "utf8"));
  for (const name of names) {
    const { isValid, errors } = await tests[name](document);
    if (isValid !== false && !(errors?.length > 0)) continue;
    faults += 1;
    console.log(`${file}: ${name}: ${JSON.stringify(errors)}`);
  }
}
console.log(`${documents.length} documents, ${faults} faults`);
process.exit(faults ? 1 : 0);
