// Uploads a file with tus-js-client in several ways; prints `WAY URL` for each.
//
//     tus.mjs NODE-MODULES REPORTS-URL FILE

import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { PassThrough } from "node:stream";

const [modules, endpoint, file] = process.argv.slice(2);
const tus = createRequire(path.join(modules, "here.js"))("tus-js-client");
const size = fs.statSync(file).size;
const chunkSize = Math.max(1, Math.floor(size / 5));

function upload(options, input = fs.createReadStream(file)) {
  return new Promise((resolve, reject) => {
    const one = new tus.Upload(input, {
      endpoint,
      retryDelays: null,
      onError: reject,
      onSuccess: () => resolve(one.url),
      ...options,
    });
    options.before?.(one, resolve);
    one.start();
  });
}

console.log("whole", await upload({}));
console.log("chunked", await upload({ chunkSize }));
console.log("during-creation", await upload({ uploadDataDuringCreation: true, chunkSize }));
console.log("named", await upload({ metadata: { filename: "canary.txt", filetype: "text/plain" } }));
// A stream that is no file, so that the client does not know its length before its end.
const stream = fs.createReadStream(file).pipe(new PassThrough());
console.log("deferred", await upload({ uploadLengthDeferred: true, chunkSize }, stream));

// Aborted after the second chunk; a new client goes on from the URL.
const cut = await upload({
  chunkSize,
  before(one, resolve) {
    let chunks = 0;
    one.options.onChunkComplete = () => {
      chunks += 1;
      if (chunks === 2) {
        one.abort();
        resolve(one.url);
      }
    };
  },
});
console.log("resumed", await upload({ uploadUrl: cut, chunkSize }));
process.exit(0);
