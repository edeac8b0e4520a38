// The steps of the set-up: what each one makes, from which inputs, and how. A step is in place when its product exists
// and its stamp contains the hash of its inputs. A stamp is stored inside the product, so that it is deleted with it.
// `needs` lists the steps that must come before; `inside` names the step whose product contains this one's.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBrowser } from './browser.mjs';
import { checkNpm, findCompiler, findPython } from './checks.mjs';
import { run } from './process.mjs';

/** The folder of the checkout. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

const at = (...parts) => join(ROOT, ...parts);
const VENV = 'kernel-setup/.venv';
const PYTHON = at(VENV, 'bin/python');
const VENDOR = 'kernel-setup/vendor';
const TENSORFLOW = `${VENDOR}/tensorflow`;
const TFJS = 'node_modules/@tensorflow/tfjs-node-gpu';
const ADDON_FOLDER = `${TFJS}/lib/napi-v8`;
const ADDON = `${ADDON_FOLDER}/tfjs_binding.node`;
const ENGINE = `${ADDON_FOLDER}/rcsd_tensorflow.so`;
// Relative, so that the checkout can be moved.
const RUNPATH = '$ORIGIN/../../../../../kernel-setup/vendor/tensorflow/tensorflow';
const PIP_QUICK_FAILURE = ['--disable-pip-version-check', '--retries', '2', '--timeout', '30'];

function filesUnder(folder) {
  return readdirSync(at(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .sort();
}

function megabytesUnder(folder) {
  if (!existsSync(at(folder))) return 0;
  // pip renames and removes files during this loop.
  const size = (file) => statSync(at(file), { throwIfNoEntry: false })?.size ?? 0;
  return Math.round(filesUnder(folder).reduce((sum, file) => sum + size(file), 0) / 1e6);
}

/** The hash of a step's inputs: files of the checkout by content, everything else as text. */
export function inputHash(step) {
  const hash = createHash('sha256');
  for (const file of step.files())
    hash
      .update(`${file}\0`)
      .update(readFileSync(at(file)))
      .update('\0');
  return hash.update(step.text ?? '').digest('hex');
}

/** Whether the step's product is there and was made from the present inputs. */
export function inPlace(step) {
  if (!step.products.every((product) => existsSync(at(product)))) return false;
  try {
    return JSON.parse(readFileSync(at(step.stamp), 'utf8')).inputs === inputHash(step);
  } catch {
    return false;
  }
}

/** Records that the step's product was made from these inputs. */
export function writeStamp(step, hash) {
  writeFileSync(at(step.stamp), `${JSON.stringify({ step: step.name, inputs: hash })}\n`);
}

const npmPackages = {
  name: 'npm packages',
  megabytes: 700,
  files: () => ['package-lock.json', '.npmrc', ...filesUnder('kernel-setup/shims')],
  products: ['node_modules/typescript/bin/tsc', TFJS],
  stamp: 'node_modules/.rcsd-setup-npm.json',
  needs: [],
  prepare: checkNpm,
  async run(options) {
    const quickFailure = ['--fetch-retries=2', '--fetch-retry-mintimeout=2000'];
    await run(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', ...quickFailure], options);
  },
};

/** A virtual environment in a folder of kernel-setup. */
const virtualEnvironment = (name, folder) => ({
  name,
  megabytes: 30,
  files: () => [],
  products: [`${folder}/bin/python`],
  stamp: `${folder}/.rcsd-setup-python.json`,
  needs: [],
  prepare: findPython,
  async run(options, python) {
    await run([python, '-m', 'venv', '--clear', at(folder)], options);
  },
});

/** Packages that a file of kernel-setup lists, complete and by hash, installed into an environment. */
const pythonPackages = (environment, { file, ...step }) => ({
  ...step,
  files: () => [file],
  inside: environment,
  needs: [environment],
  async run(options) {
    const install = ['install', ...PIP_QUICK_FAILURE, '--require-hashes', '--no-deps', '-r', at(file)];
    await run([at(environment.products[0]), '-m', 'pip', ...install], options);
  },
});

const pythonEnvironment = virtualEnvironment('Python environment', VENV);

const jupyterLab = pythonPackages(pythonEnvironment, {
  name: 'JupyterLab',
  megabytes: 400,
  file: 'kernel-setup/requirements.txt',
  products: [`${VENV}/bin/jupyter-lab`, `${VENV}/share/jupyter/labextensions/jupyterlab-plotly`],
  stamp: `${VENV}/.rcsd-setup-jupyter.json`,
});

// Ray has an environment of its own: its Python is what a cluster is started with, and nothing else here needs it.
const RAY = 'kernel-setup/.ray';
const rayEnvironment = virtualEnvironment('Python for Ray', RAY);

const ray = pythonPackages(rayEnvironment, {
  name: 'Ray',
  megabytes: 500,
  file: 'kernel-setup/requirements-ray.txt',
  products: [`${RAY}/bin/ray`],
  stamp: `${RAY}/.rcsd-setup-ray.json`,
});

// The wheels are unpacked instead of installed. Their tags are given explicitly, so that any Python from 3.10 on can
// download them.
function tensorFlow(gpu) {
  const requirements = `kernel-setup/requirements-tensorflow${gpu ? '-gpu' : ''}.txt`;
  const platforms = ['2_27', '2_17', '2_12', '2014', '2010', '1'].flatMap((tag) => [
    '--platform',
    `manylinux${tag.includes('_') ? '_' : ''}${tag}_x86_64`,
  ]);
  const tags = ['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311', '--abi', 'none', ...platforms];
  const wheels = `${VENDOR}/wheels`;
  const temporary = `${VENDOR}/tmp`;
  const partial = `${VENDOR}/partial`;
  return {
    name: `TensorFlow${gpu ? ' with CUDA' : ''}`,
    megabytes: gpu ? 9000 : 1500,
    files: () => [requirements, 'kernel-setup/lib/unpack.py'],
    products: [`${TENSORFLOW}/tensorflow/libtensorflow_cc.so.2`, `${TENSORFLOW}/tensorflow/include`],
    stamp: `${TENSORFLOW}/.rcsd-setup.json`,
    needs: [pythonEnvironment],
    progress: () => (existsSync(at(temporary)) ? `${megabytesUnder(temporary)} MB fetched` : 'unpacking'),
    async run(options) {
      for (const folder of [wheels, temporary, partial]) rmSync(at(folder), { recursive: true, force: true });
      for (const folder of [wheels, temporary]) mkdirSync(at(folder), { recursive: true });
      const download = [
        'download',
        ...PIP_QUICK_FAILURE,
        '--no-deps',
        '--only-binary=:all:',
        '--require-hashes',
        ...tags,
      ];
      const from = ['-r', at(requirements), '-d', at(wheels)];
      // Without this, pip would store the download in /tmp, which may be small.
      await run([PYTHON, '-m', 'pip', ...download, ...from], { ...options, env: { TMPDIR: at(temporary) } });
      rmSync(at(temporary), { recursive: true });
      await run([PYTHON, at('kernel-setup/lib/unpack.py'), at(wheels), at(partial)], options);
      rmSync(at(TENSORFLOW), { recursive: true, force: true });
      renameSync(at(partial), at(TENSORFLOW));
      rmSync(at(wheels), { recursive: true });
    },
  };
}

// The loops of our kernels are compiled once for each instruction set; which one runs is decided when the addon is
// loaded.
const LOOPS = [
  ['Bf16Loops', 'avx512-bf16', '-march=x86-64-v4', '-mavx512bf16'],
  ['Avx512Loops', 'x86-64-v4', '-march=x86-64-v4'],
  ['Avx2Loops', 'x86-64-v3', '-march=x86-64-v3'],
  ['PlainLoops', 'x86-64', '-march=x86-64'],
];

function nativeAddon(tensorflow) {
  const folder = 'kernel-setup/addon';
  const objects = `${ADDON_FOLDER}/objects`;
  return {
    name: 'native addon',
    megabytes: 5,
    files: () => [...filesUnder(folder), 'package-lock.json', ...tensorflow.files()],
    text: RUNPATH,
    products: [ADDON, ENGINE],
    stamp: `${ADDON_FOLDER}/.rcsd-setup.json`,
    inside: npmPackages,
    needs: [npmPackages, tensorflow],
    prepare: findCompiler,
    async run(options, compiler) {
      const library = at(TENSORFLOW, 'tensorflow');
      const nodeApi = at('node_modules/node-api-headers/include');
      const includes = [nodeApi, at(TFJS), at(TFJS, 'binding'), join(library, 'include')].map(
        (directory) => `-I${directory}`,
      );
      const flags = ['-std=c++17', '-fPIC', '-DNAPI_VERSION=8', '-DBUILDING_NODE_EXTENSION', ...includes];
      const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'].map((file) => join(library, file));
      const compile = async (source, name, ...more) => {
        const object = at(objects, `${name}.o`);
        await run([compiler, ...flags, ...more, '-c', at(folder, source), '-o', object], options);
        return object;
      };
      const linkTogether = async (product, ...parts) => {
        await run([compiler, '-shared', ...parts, '-o', at(`${product}.partial`)], options);
        renameSync(at(`${product}.partial`), at(product));
      };
      mkdirSync(at(objects), { recursive: true });
      // TensorFlow's own headers warn about what TensorFlow has deprecated. The units that take longest come first, two
      // at a time.
      const units = [
        ['kernels.cc', 'kernels', '-O2', '-w'],
        ['graph.cc', 'graph', '-O2'],
        ...LOOPS.map(([table, name, ...instructions]) => {
          const tuned = ['-O3', '-fno-math-errno', ...instructions];
          return ['loops.cc', table, ...tuned, `-DRCSD_LOOPS=${table}`, `-DRCSD_LOOPS_NAME="${name}"`];
        }),
      ];
      const engine = [];
      const compileNext = async () => {
        for (let unit = units.shift(); unit; unit = units.shift()) engine.push(await compile(...unit));
      };
      await Promise.all([compileNext(), compileNext()]);
      await linkTogether(ENGINE, ...engine, ...libraries, `-Wl,-rpath,${RUNPATH}`);
      await linkTogether(ADDON, await compile('loader.cc', 'loader', '-O2'), '-ldl');
      rmSync(at(objects), { recursive: true });
      const check = `if (!require(${JSON.stringify(at(ADDON))}).graphNew) throw new Error('the addon lacks graphNew')`;
      await run([process.execPath, '-e', check], options);
    },
  };
}

function link(path, target) {
  rmSync(at(path), { force: true });
  symlinkSync(target, at(path));
}

const build = {
  name: 'TypeScript build',
  megabytes: 20,
  files: () => [
    ...['tsconfig.json', 'package-lock.json', 'kernel-setup/lib/browser.mjs', 'kernel-setup/lib/page.mjs'],
    ...filesUnder('kernel-setup/wasm'),
    ...filesUnder('src'),
  ],
  products: ['dist/index.js', 'dist/app/cli/main.js', 'dist/browser/page-worker.js', 'node_modules/.bin/rcsd'],
  stamp: 'node_modules/.rcsd-setup-build.json',
  inside: npmPackages,
  needs: [npmPackages],
  async run(options) {
    rmSync(at('dist'), { recursive: true, force: true });
    await run([process.execPath, at('node_modules/typescript/bin/tsc'), '-p', ROOT], options);
    await buildBrowser();
    chmodSync(at('dist/app/cli/main.js'), 0o755);
    // `npx rcsd` and `import 'rcsd'` work inside the checkout without asking a registry; `tsc` is ours, not tslab's.
    link('node_modules/.bin/rcsd', '../../dist/app/cli/main.js');
    link('node_modules/rcsd', '..');
    link('node_modules/.bin/tsc', '../typescript/bin/tsc');
  },
};

/** All steps; Ray's only on request. A set-up that has CUDA's libraries keeps them unless told otherwise. */
export function allSteps({ gpu = existsSync(at(TENSORFLOW, 'nvidia')), ray: withRay = false } = {}) {
  const tensorflow = tensorFlow(gpu);
  const steps = [npmPackages, pythonEnvironment, tensorflow, jupyterLab, nativeAddon(tensorflow), build];
  return withRay ? [...steps, rayEnvironment, ray] : steps;
}
