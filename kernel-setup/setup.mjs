// The whole set-up, into this checkout only: `node kernel-setup/setup.mjs [--gpu | --cpu] [--ray]`. Running it again does only
// what is not in place. This file is written so that an old Node can read it and prints a sentence instead of a syntax
// error.

const [major, minor] = process.versions.node.split('.').map(Number);
let unsuitable = '';
if (major < 20 || (major === 20 && minor < 19)) unsuitable = 'is too old';
else if (major === 21) unsuitable = 'is out of support';
else if (major > 22) unsuitable = 'is too new (tfjs-node 4.22 calls functions that Node 23 removed)';

if (unsuitable) {
  console.error(`Node ${process.versions.node} ${unsuitable}: install Node 22, or 20.19 or later.`);
  process.exitCode = 2;
} else {
  import('./lib/main.mjs').then(({ main }) => main(process.argv.slice(2)));
}
